import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Finding, Guard, GuardRequest } from '../../spec/index.ts'
import { createStreamBuffer, createTextView } from '../../core/text/index.ts'
import { createSecretsGuard } from './index.ts'
import type { SecretLinter } from './index.ts'

const guard = createSecretsGuard({ id: 'secrets' })
const A36 = 'q7Lm2Zx9Rt4Vb8Nc1Kd6Ws3Yf5Hg0Jp2Qa7T'
const B93 = 'Xk2Zq8_Lm4-'.repeat(9).slice(0, 93)

function request(text: string): GuardRequest {
  return {
    stage: 'input',
    field: 'prompt',
    text: createTextView(text),
    caller: {},
    signal: new AbortController().signal,
  }
}

async function find(text: string, by: Guard = guard): Promise<readonly Finding[]> {
  return (await by.check(request(text))).findings
}

async function stream(
  text: string,
  cuts: readonly number[],
  by: Guard = guard,
): Promise<{ findings: Finding[]; late: number }> {
  const session = by.open?.({ stage: 'output', field: 'response', caller: {}, signal: new AbortController().signal })
  if (session === undefined) throw new Error('no stream')
  const buffer = createStreamBuffer()
  const findings: Finding[] = []
  let late = 0
  let settled = 0
  const bounds = [...new Set([...cuts.map((cut) => cut % (text.length + 1)), text.length])].sort((a, b) => a - b)
  let from = 0
  for (const [index, to] of bounds.entries()) {
    buffer.append(text.slice(from, to))
    from = to
    if (index === bounds.length - 1) buffer.finish()
    const step = await session.advance(buffer)
    for (const finding of step.findings) if ((finding.span?.start ?? 0) < settled) late += 1
    expect(step.settled).toBeGreaterThanOrEqual(settled)
    expect(step.keep).toBeLessThanOrEqual(step.settled)
    settled = step.settled
    findings.push(...step.findings)
    buffer.release(step.keep)
  }
  expect(settled).toBe(text.length)
  return { findings: findings.sort(order), late }
}

function order(a: Finding, b: Finding): number {
  return (a.span?.start ?? 0) - (b.span?.start ?? 0) || (a.span?.end ?? 0) - (b.span?.end ?? 0)
}

const KNOWN: readonly (readonly [kind: string, text: string, secret: string])[] = [
  ['aws_access_key', 'id AKIAQ3EXUMPLA7ZT2XWV here', 'AKIAQ3EXUMPLA7ZT2XWV'],
  ['aws_secret_key', `AWS_SECRET_ACCESS_KEY=${A36}Q9/+`, `${A36}Q9/+`],
  ['github', `use ghp_${A36} please`, `ghp_${A36}`],
  [
    'github',
    `"github_pat_${A36.slice(0, 22)}_${(A36 + A36).slice(0, 59)}"`,
    `github_pat_${A36.slice(0, 22)}_${(A36 + A36).slice(0, 59)}`,
  ],
  ['gitlab', `glpat-${A36.slice(0, 20)}`, `glpat-${A36.slice(0, 20)}`],
  ['npm', `//registry/:_authToken=npm_${A36}`, `npm_${A36}`],
  ['pypi', `pypi-AgEIcHlwaS5vcmc${A36}${A36}`, `pypi-AgEIcHlwaS5vcmc${A36}${A36}`],
  ['huggingface', `token hf_${A36.slice(0, 34)}.`, `hf_${A36.slice(0, 34)}`],
  ['anthropic', `密钥sk-ant-api03-${B93}AA。`, `sk-ant-api03-${B93}AA`],
  ['openai', `key: sk-proj-${A36}${A36}`, `sk-proj-${A36}${A36}`],
  ['google_api_key', `AIza${A36.slice(0, 35)}`, `AIza${A36.slice(0, 35)}`],
  ['stripe', `sk_live_${A36.slice(0, 24)}`, `sk_live_${A36.slice(0, 24)}`],
  [
    'slack',
    'xoxb-123456789012-1234567890123-aBcDeFgHiJkLmNoPqRsTuVwX',
    'xoxb-123456789012-1234567890123-aBcDeFgHiJkLmNoPqRsTuVwX',
  ],
  [
    'slack_webhook',
    'https://hooks.slack.com/services/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',
    'hooks.slack.com/services/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',
  ],
  ['telegram', `bot 123456789:AA${A36.slice(0, 33)}`, `123456789:AA${A36.slice(0, 33)}`],
  [
    'azure',
    `AccountName=x;AccountKey=${A36}${A36}aBcDeFgHiJkLmN==;EndpointSuffix=y`,
    `AccountKey=${A36}${A36}aBcDeFgHiJkLmN==`,
  ],
  [
    'jwt',
    `Authorization: eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.${A36}`,
    `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.${A36}`,
  ],
  ['url_password', 'postgres://app:s3cr3tPw@db.internal:5432/x', 'postgres://app:s3cr3tPw'],
  ['password', 'DB_PASSWORD=tr0ub4dor&3', 'tr0ub4dor'],
  ['password', 'mein Passwort ist Sommer2024!', 'Sommer2024!'],
  ['password', '我的密码是 hunter2xyz 谢谢', 'hunter2xyz'],
  ['assigned', `"api_key": "${A36.slice(0, 30).toLowerCase()}"`, A36.slice(0, 30).toLowerCase()],
  ['entropy', `the string ${A36} came up`, A36],
]

describe('known formats', () => {
  test.each(KNOWN)('%s in %s', async (kind, text, secret) => {
    const findings = await find(text)
    expect(findings.map((finding) => finding.label)).toEqual([`secret.${kind}`])
    const span = findings[0]?.span ?? { start: 0, end: 0 }
    expect(text.slice(span.start, span.end)).toBe(secret)
    expect(findings[0]?.action).toBe('block')
    expect(findings[0]?.reason).not.toContain(secret)
  })

  test('a token after an escaped line break, and one with an invisible character in it', async () => {
    expect((await find(String.raw`{"text":"key\nAKIAQ3EXUMPLA7ZT2XWV\n"}`)).map((f) => f.label)).toEqual([
      'secret.aws_access_key',
    ])
    expect((await find('AKIAQ3EX\u200bUMPLA7ZT2XWV')).map((f) => f.label)).toEqual(['secret.aws_access_key'])
  })
})

const HARMLESS = [
  '550e8400-e29b-41d4-a716-446655440000',
  'commit 9fceb02d0ae598e95dc970b74767f19372d61af8',
  'background: #ff8800aa; color: #DEADBEEF',
  '<img src="data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk">',
  '/usr/local/lib/python3.11/site-packages/transformers/models/bert/modeling_bert.py',
  'https://example.org/blog/2024/05/how-to-write-10-better-unit-tests-in-typescript-5',
  'https://docs.example.org/d/1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789/edit',
  'Donaudampfschifffahrtsgesellschaftskapitän and Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz2024',
  'v1.2.3-beta.4+build.20240511 and node-v20.20.2-linux-x64',
  'const getUserById2WithOAuth2TokenAndRefresh = createHandlerFactory(v2ConfigLoaderOptions)',
  'password = os.environ["DB_PASSWORD"]',
  'password: z.string().min(8)',
  'Password: ********',
  'password=${DB_PASSWORD} token=<your-token>',
  'const token = await fetchToken(user1, "scope")',
  'max_tokens: 4096, token: string; secret: null',
  'Forgot your password? Reset the password to continue.',
  'The secret is to keep it simple; the token is consumed by the parser.',
  'AKIAIOSFODNN7EXAMPLE',
  'ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
  'postgres://user:password@localhost/db and https://user:$PASS@host.example',
  '"integrity": "sha512-z3KpQ8mV1xT5nR7wB2cD9fG4hJ6kL0pQ8sT3vX5yZ1aC7eF2gH4iJ6kL8mN0oP2qR4sT6uV8wX0yZ2aB4cD6eF8=="',
  'Lorem ipsum dolor sit amet, consetetur sadipscing elitr, sed diam nonumy eirmod tempor invidunt.',
  'risk-assessment-for-2024-and-task-based-learning',
]

test.each(HARMLESS)('leaves alone: %s', async (text) => {
  expect(await find(text)).toEqual([])
})

const PEM = `-----BEGIN RSA PRIVATE KEY-----\n${`${'MIIEow'.repeat(10)}Ab/+\n`.repeat(12)}-----END RSA PRIVATE KEY-----`

describe('PEM keys', () => {
  test('header and body are found, certificates are not', async () => {
    const text = `see ${PEM} ok`
    const findings = await find(text)
    expect(findings.map((finding) => finding.label)).toEqual(['secret.private_key', 'secret.private_key'])
    expect(findings[0]?.span?.start).toBe(4)
    expect(text.slice(findings[1]?.span?.end)).toBe(' ok')
    expect(await find(PEM.replaceAll('RSA PRIVATE KEY', 'CERTIFICATE'))).toEqual([])
  })

  test('the header is reported as soon as its line is known', async () => {
    const session = guard.open?.({
      stage: 'output',
      field: 'response',
      caller: {},
      signal: new AbortController().signal,
    })
    const buffer = createStreamBuffer()
    buffer.append('key: -----BEGIN RSA PRIVATE KEY-----\nMII')
    const step = await session?.advance(buffer)
    expect(step?.findings.map((finding) => finding.label)).toEqual(['secret.private_key'])
    expect(step?.settled).toBe(36)
  })

  test('a key that breaks off is covered as far as it goes', async () => {
    const findings = await find(PEM.slice(0, 400))
    expect(findings[1]?.span?.end).toBe(400)
  })
})

/** Knows one kind, and counts how often it is asked. */
function stubLinter(): SecretLinter & { calls: number } {
  return {
    id: 'stub',
    version: '1',
    calls: 0,
    lint(text) {
      this.calls += 1
      const found = [...text.matchAll(/figd_[A-Za-z0-9]{40}/g)]
      return Promise.resolve(found.map((match) => ({ kind: 'figma', start: match.index, end: match.index + 45 })))
    },
  }
}

describe('a library', () => {
  test('is asked only about what own patterns leave unexplained', async () => {
    const linter = stubLinter()
    const by = createSecretsGuard({ id: 'secrets', linter })
    await find(`plain words and ghp_${A36}`, by)
    expect(linter.calls).toBe(0)
    const findings = await find(`a figd_${A36}wxyz b figd_${A36}abcd`, by)
    expect(findings.map((finding) => finding.label)).toEqual(['secret.figma', 'secret.figma'])
    expect(linter.calls).toBe(1)
  })
})

test('allowed values are left alone', async () => {
  const by = createSecretsGuard({ id: 'secrets', allow: [`ghp_${A36}`, 'AKIAQ3*'] })
  expect(await find(`ghp_${A36} AKIAQ3EXUMPLA7ZT2XWV`, by)).toEqual([])
})

const PIECES = fc.oneof(
  fc.constantFrom(...KNOWN.map(([, text]) => text)),
  fc.constantFrom(
    PEM,
    PEM.slice(0, 300),
    '-----BEGIN',
    '-----BEGIN PRIVATE KEY-----',
    '-----',
    `figd_${A36}wxyz`,
    'password: ',
    'secret="',
  ),
  fc.constantFrom(' ', '\n', '"', ', ', '。', '\u0301', '\u200b', '<', 'ü', 'е', 'a', '\ud83d', '👩🏽‍🚀', 'ｇｈｐ＿'),
  fc.constantFrom(`${'aB3/'.repeat(500)}`, `${'x'.repeat(1700)}ghp_${A36}.${'y'.repeat(900)}`, '='.repeat(1100)),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
)

test('under any chunking a stream finds what the whole text shows', async () => {
  const linter = stubLinter()
  const by = createSecretsGuard({ id: 'secrets', linter })
  await fc.assert(
    fc.asyncProperty(
      fc.array(PIECES, { maxLength: 8 }),
      fc.array(fc.nat(6000), { maxLength: 12 }),
      async (pieces, cuts) => {
        const text = pieces.join('')
        const whole = [...(await find(text, by))].sort(order)
        const { findings, late } = await stream(text, cuts, by)
        expect(findings).toEqual(whole)
        expect(late).toBe(0)
      },
    ),
    { numRuns: 400 },
  )
})

test('character by character', async () => {
  const text = KNOWN.map(([, piece]) => piece).join('\n') + PEM + ' x'
  const { findings } = await stream(
    text,
    Array.from({ length: text.length }, (_, index) => index),
  )
  expect(findings).toEqual([...(await find(text))].sort(order))
})

test.each([
  ['token beginnings', 'ghp_sk-eyJ.'],
  ['assignments', 'password=password='],
  ['addresses', 'a://b:'],
  ['base64', 'aB3/'],
  ['dashes', '-----BEGIN '],
])(
  'a megabyte of %s is judged',
  async (_name, unit) => {
    const text = unit.repeat(Math.ceil(1_000_000 / unit.length))
    expect((await guard.check(request(text))).findings).toBeDefined()
  },
  20_000,
)
