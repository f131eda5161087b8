/** The quick ways past the recognisers of secrets change nothing: what is found with them is found without them. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createTextView } from '../../core/text/index.ts'
import { ASSIGNMENT_PATTERNS } from './assignment-patterns.ts'
import { DEFAULT_ENTROPY, entropyPattern } from './entropy.ts'
import { LINK_RUNS, RunCutter, SECRET_RUNS, cutWhole } from './run-cutter.ts'
import { TOKEN_RUN, hasBodyRun, tokenRuns } from './runs.ts'
import { lintCandidates } from './secret-linter.ts'
import type { SecretHit, SecretPattern } from './secret-pattern.ts'
import { matchPattern } from './secret-pattern.ts'
import { TOKEN_PATTERNS } from './token-patterns.ts'
import { WholeText } from './whole-text.ts'

const BODY = 'q7Lm2Zx9Rt4Vb8Nc1Kd6Ws3Yf5Hg0Jp2Qa7T'
const SECRETS: readonly string[] = [
  'AKIAQ3EXUMPLA7ZT2XWV',
  `AWS_SECRET_ACCESS_KEY=${BODY}Q9/+`,
  `secret_access_key = "${BODY}Q9/+"`,
  `ghp_${BODY}`,
  `glpat-${BODY.slice(0, 20)}`,
  `npm_${BODY}`,
  `pypi-AgE${BODY}${BODY}`,
  `hf_${BODY.slice(0, 34)}`,
  `sk-ant-api03-${BODY}`,
  `sk-proj-${BODY}`,
  `AIza${BODY.slice(0, 35)}`,
  `ya29.${BODY}`,
  `sk_live_${BODY.slice(0, 16)}`,
  `xoxb-${BODY.slice(0, 20)}`,
  'hooks.slack.com/services/T0A1B2C3D/B0A1B2C3D/a1B2c3D4e5F6g7H8',
  `discord.com/api/webhooks/12345678901234567/${BODY}${BODY}`,
  `MzA1Njg4NTU5MjI2Nzg5NjY2.Xyz123.${BODY.slice(0, 27)}`,
  `123456789:AA${BODY.slice(0, 33)}`,
  `SG.${BODY.slice(0, 16)}.${BODY.slice(0, 32)}`,
  'SK0123456789abcdef0123456789abcdef',
  'key-0123456789abcdef0123456789abcdef',
  `eyJhbGciOiJ.eyJzdWIiOiI.${BODY.slice(0, 16)}`,
  `AccountKey=${BODY}aBcD==`,
  `?sig=${BODY}aBcD%3D`,
  `?sig=${'aB3%2Fx'.repeat(6)}%3D`,
  `bearer ${'a1~b2.c3'.repeat(3)}`,
  `Bearer ${BODY.slice(0, 20)}`,
  'postgres://app:s3cr3tPw@db.internal:5432/x',
  'redis://:pässwörd@host',
  'DB_PASSWORD=tr0ub4dor&3',
  'password: "what?no"',
  "passwort ist 'geheim?'",
  'password is really?sure.',
  'my passcode is 12ab!x.',
  '密码是hunter2xyz',
  `api_key := ${BODY.slice(0, 12)}`,
  'client-secret => a1b2c3d4e5f6',
  `token ${BODY}`,
]
const PLAIN = [
  'the',
  'passwords',
  'is',
  'token',
  '=',
  ':',
  'related?',
  '1,250',
  'https://example.org/a/b',
  '—',
  '漢字',
  'ü',
]
const BETWEEN = [' ', ' ', '', '"', "'", '\n', ',', ': ', '=', '>', '\u200b', '。']
const ODD = [...'aZ0 ="?!./\\-é']

const piece = fc
  .tuple(fc.constantFrom(...SECRETS, ...SECRETS, ...PLAIN), fc.nat(90), fc.constantFrom(...ODD), fc.nat(5))
  .map(([text, at, odd, change]) => {
    const place = at % (text.length + 1)
    if (change > 2) return text
    return text.slice(0, place) + (change === 0 ? '' : odd) + text.slice(change === 1 ? place : place + 1)
  })
const texts = fc
  .array(fc.tuple(piece, fc.constantFrom(...BETWEEN)), { minLength: 1, maxLength: 8 })
  .map((parts) => parts.flat().join(''))

function hits(pattern: SecretPattern, text: string, runs: string): readonly SecretHit[] {
  const found: SecretHit[] = []
  matchPattern(pattern, text, runs, found)
  return found
}

describe('recognisers', () => {
  const all = [...TOKEN_PATTERNS, ...ASSIGNMENT_PATTERNS, entropyPattern(DEFAULT_ENTROPY)]
  const pairs = all.map((quick) => {
    const { literals: _literals, hint: _hint, run: _run, ...slow } = quick
    return { quick, slow }
  })

  test('find the same with and without their quick tests', () => {
    const kinds = new Set<string>()
    fc.assert(
      fc.property(texts, (text) => {
        const { normalised } = createTextView(text)
        const runs = tokenRuns(normalised)
        for (const { quick, slow } of pairs) {
          const expected = hits(slow, normalised, '')
          if (expected.length > 0) kinds.add(quick.kind)
          expect(hits(quick, normalised, runs), `${quick.kind} in ${JSON.stringify(text)}`).toEqual(expected)
        }
      }),
      { numRuns: 3000 },
    )
    // Each of them had something to find.
    expect([...new Set(all.map(({ kind }) => kind))].filter((kind) => !kinds.has(kind))).toEqual([])
  })

  test('what the library is shown lies in a long run', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const expected = lintCandidates(text, text)
        expect(lintCandidates(text, tokenRuns(text))).toEqual(expected)
      }),
    )
  })
})

describe('runs', () => {
  const characters = fc.string({ unit: fc.constantFrom('a', 'Z', '9', '.', '/', ' ', '"', 'ü'), maxLength: 120 })

  test('all long ones, in order', () => {
    fc.assert(
      fc.property(characters, (text) => {
        const expected = [...text.matchAll(/[A-Za-z0-9_+/=.~%:-]+/g)]
          .map(([run]) => run)
          .filter((run) => run.length >= TOKEN_RUN)
        expect(
          tokenRuns(text)
            .split(' ')
            .filter((run) => run !== ''),
        ).toEqual(expected)
      }),
    )
  })

  test('whether there is one of a length', () => {
    fc.assert(
      fc.property(characters, fc.integer({ min: 1, max: 30 }), (text, length) => {
        expect(hasBodyRun(text, length)).toBe(new RegExp(`[A-Za-z0-9+/_-]{${length}}`).test(text))
      }),
    )
  })
})

describe('cutting a whole text', () => {
  const parts = fc.array(
    fc.oneof(
      fc.constantFrom(
        ' ',
        '\n',
        'word',
        '漢',
        '\u0301',
        '-----BEGIN PRIVATE KEY-----',
        '-----BEGIN',
        '-----END PRIVATE KEY-----',
      ),
      fc
        .tuple(fc.constantFrom('x', '漢', 'a '), fc.integer({ min: 1, max: 1700 }))
        .map(([unit, times]) => unit.repeat(times)),
    ),
    { maxLength: 12 },
  )

  test.each([
    ['secrets', SECRET_RUNS],
    ['links', LINK_RUNS],
  ])('gives the cuts of a cutter: %s', (_name, rules) => {
    fc.assert(
      fc.property(parts, (list) => {
        const text = new WholeText(createTextView(list.join('')))
        expect(cutWhole(text, rules)).toEqual(new RunCutter(rules).advance(text))
      }),
      { numRuns: 300 },
    )
  })
})
