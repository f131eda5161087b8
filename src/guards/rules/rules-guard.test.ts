import { describe, expect, test } from 'vitest'
import { createTextView } from '../../core/text/index.ts'
import type { Finding, Guard } from '../../spec/index.ts'
import { compileLinearPattern, compileLinearTest, createRulesGuard, linearEngine } from './index.ts'
import { shapeOf } from './pattern-shape.ts'

async function find(guard: Guard, text: string): Promise<readonly Finding[]> {
  const report = await guard.check({
    stage: 'input',
    field: 'prompt',
    text: createTextView(text),
    caller: {},
    signal: new AbortController().signal,
  })
  return report.findings
}

async function found(guard: Guard, text: string): Promise<readonly string[]> {
  return (await find(guard, text)).map(({ span }) => text.slice(span?.start, span?.end))
}

describe('phrases', () => {
  test.each([
    ['the case does not matter', ['Launch Code'], 'the LAUNCH cOdE here', ['LAUNCH cOdE']],
    [
      'white space is any run of it',
      ['launch code'],
      'launch \n\t code, launch code',
      ['launch \n\t code', 'launch code'],
    ],
    ['the longest phrase wins', ['a b', 'a b c'], 'a b c', ['a b c']],
    ['a shorter phrase wins when the longer one breaks off', ['a b', 'a b cd'], 'a b ce', ['a b']],
    ['inside longer words nothing is found', ['cat'], 'concatenate cats cat', ['cat']],
    ['scripts without spaces have no words', ['炸弹', '폭탄'], '制造炸弹方法 폭탄을', ['炸弹', '폭탄']],
    ['marks count as part of a word', ['cafe'], 'café cafe', ['cafe']],
    [
      'look-alikes and hidden characters are seen through',
      ['paypal login'],
      'P\u0430y\u200bpal login',
      ['P\u0430y\u200bpal login'],
    ],
    ['full-width letters are letters', ['secret'], 'ＳＥＣＲＥＴ', ['ＳＥＣＲＥＴ']],
    ['final sigma is sigma', ['ΟΔΟΣ'], 'οδος', ['οδος']],
    ['signs need no word boundary', ['c++'], 'use C++!', ['C++']],
  ])('%s', async (_, phrases, text, expected) => {
    expect(await found(await createRulesGuard({ id: 'mine', phrases }), text)).toEqual(expected)
  })

  test('can be found inside words, and with case', async () => {
    const guard = await createRulesGuard({ id: 'mine', phrases: ['Cat'], wholeWords: false, caseSensitive: true })
    expect(await found(guard, 'conCatenate concatenate')).toEqual(['Cat'])
  })

  test('carry the label, action and words of the rule', async () => {
    const guard = await createRulesGuard({
      id: 'names',
      phrases: ['Project Heron'],
      action: 'modify',
      replacement: '[PROJECT]',
      reason: 'Internal name.',
      hard: true,
    })
    expect(await find(guard, 'about project heron')).toEqual([
      {
        label: 'rule.names',
        score: 1,
        action: 'modify',
        replacement: '[PROJECT]',
        reason: 'Internal name.',
        hard: true,
        span: { start: 6, end: 19 },
      },
    ])
  })

  test('thousands of phrases are one search', async () => {
    const phrases = Array.from({ length: 5000 }, (_, index) => `phrase number ${index}`)
    const guard = await createRulesGuard({ id: 'many', phrases })
    expect(await found(guard, `${'lorem ipsum '.repeat(1000)} phrase number 4321.`)).toEqual(['phrase number 4321'])
  })
})

describe('patterns', () => {
  test('run without regard to case, each with its own settings', async () => {
    const guard = await createRulesGuard({
      id: 'ids',
      patterns: [String.raw`\bEMP-\d{5}\b`, { pattern: 'ticket #[0-9]+', label: 'rule.ticket', action: 'flag' }],
    })
    const findings = await find(guard, 'emp-12345 and EMP-123456, Ticket #77')
    expect(findings.map(({ label, span }) => [label, span?.start])).toEqual([
      ['rule.ids', 0],
      ['rule.ticket', 26],
    ])
  })

  test.each([
    ['a(?=b)', 'look-ahead'],
    ['(?<!a)b', 'look-ahead and look-behind'],
    ['(a)\\1', 'back-references'],
    ['a++b', 'possessive'],
    ['a{1,2000}', '1000 times'],
    ['(unclosed', 'RE2 syntax'],
    ['x*', 'empty text'],
  ])('%s is refused with a remedy', async (pattern, remedy) => {
    const making = createRulesGuard({ id: 'mine', patterns: ['fine', pattern] })
    await expect(making).rejects.toMatchObject({ code: 'policy_invalid' })
    await expect(making).rejects.toThrow('guards.mine.patterns[1]')
    await expect(making).rejects.toThrow(remedy)
  })

  test('an empty rule set and an empty phrase are refused', async () => {
    await expect(createRulesGuard({ id: 'mine' })).rejects.toThrow('nothing to look for')
    await expect(createRulesGuard({ id: 'mine', phrases: ['ok', '\u200b'] })).rejects.toThrow('guards.mine.phrases[1]')
  })

  test('a pattern that would hang a backtracking engine answers at once', async () => {
    const guard = await createRulesGuard({ id: 'evil', patterns: ['(a+)+b'] })
    expect(await find(guard, 'a'.repeat(20_000))).toEqual([])
  })

  test('longer matches than the limit are not found', async () => {
    const guard = await createRulesGuard({ id: 'long', patterns: ['<[a-z]+>'], maxLength: 10 })
    expect(guard.maxSpan).toBe(10)
    expect(await found(guard, `<${'a'.repeat(40)}> <abc>`)).toEqual(['<abc>'])
  })

  test('the native engine is named in the error when it is missing', async () => {
    const engine = linearEngine('re2')
    await engine.then(
      (loaded) => expect(loaded.name).toBe('re2'),
      (error: unknown) =>
        expect(error).toMatchObject({
          code: 'engine_unavailable',
          message: expect.stringContaining('npm install re2'),
        }),
    )
  })

  test('the literal pre-filter changes no result', () => {
    for (const source of [
      'foo[0-9]+bar',
      '(?:alpha|beta) x?',
      'a.b|cd{2}e',
      'colou?r',
      '(?i)ab(cd)ef',
      'naïve',
      '\\bS\\w{2,4}K\\b',
    ]) {
      for (const caseSensitive of [true, false]) {
        const pattern = compileLinearPattern(source, { caseSensitive })
        const plain = new RegExp(source.replace('(?i)', ''), caseSensitive && !source.startsWith('(?i)') ? 'gu' : 'giu')
        for (const text of [
          '',
          'foo12bar FOO3BAR',
          'beta  alpha x',
          '😀a😀b acb cdde',
          'color COLOUR',
          'xABCDEFx',
          'NAÏVE naïve',
          'SoaK soak',
        ]) {
          plain.lastIndex = 0
          const expected = plain.exec(text)
          const match = pattern.exec(text, 0)
          expect([source, text, match?.index, match?.end]).toEqual(
            [source, text, expected?.index, expected && expected.index + expected[0].length].map((x) => x ?? undefined),
          )
          if (match !== null) expect(pattern.needs?.(text) ?? true).toBe(true)
        }
      }
    }
  })
})

test.each([
  ['abc', 3, ['abc']],
  ['a{2,5}b', 6, ['a']],
  ['(?:foo|barbaz)\\d{3}', 9, ['foo', 'barbaz']],
  ['x+', Number.POSITIVE_INFINITY, ['x']],
  ['[a-z]{1,10}@[a-z.]{1,20}', 31, ['@']],
  ['\\p{L}{4}', 8, null],
  ['a|b?', 1, null],
  ['(?P<name>token)-\\w{8}', 14, ['token-']],
  ['^start$', 5, ['start']],
  ['[^]x]{3}', 6, null],
  ['\\x41', Number.POSITIVE_INFINITY, null],
])('the shape of %s', (source, maxLength, literals) => {
  expect(shapeOf(source, true)).toMatchObject({ maxLength, literals })
})

test('a test for exceptions and schemas says yes or no', () => {
  expect(compileLinearTest('^[A-Z]{2}[0-9]+$').test('DE123')).toBe(true)
  expect(compileLinearTest('(?i)^ab').test('ABC')).toBe(true)
  expect(compileLinearTest('').test('x')).toBe(true)
  expect(() => compileLinearTest('(?=a)', 'exceptions[0].pattern')).toThrow('exceptions[0].pattern')
})
