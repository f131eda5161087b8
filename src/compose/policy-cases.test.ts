import { expect, test } from 'vitest'
import type { CheckResult } from '../spec/index.ts'
import { runPolicyCases, toJUnit } from './policy-cases.ts'

const row = {
  scores: { prompt_harm: null, response_harm: null, refusal: null, injection: null, toxicity: null },
  categories: {},
  spans: [],
  error: null,
  ms: 2,
  decisionId: 'd',
  policyVersion: 'v',
  shadowDecision: 'pass',
  exceptions: [],
  warnings: [],
} as const

const check = async ({ prompt = '' }: { prompt?: string }): Promise<CheckResult> => {
  const decision = prompt.includes('bad') ? 'block' : 'pass'
  const result = {
    guard: 'g',
    stage: 'input',
    status: 'judged',
    decision,
    labels: decision === 'block' ? ['rule.bad'] : [],
    ms: 1,
    cached: false,
    shadow: false,
  } as const
  return { ...row, decision, guards: [result] }
}

test('each line is a case, blank lines are none, and a line that is no case fails', async () => {
  const report = await runPolicyCases(
    check,
    '\uFEFF{"prompt":"a bad day","expect":"block","labels":["rule"]}\r\n\n{"prompt":"ok","expect":["flag","block"],"name":"two"}\nnonsense\n{"prompt":"ok"}\n{"prompt":"bad","expect":"block","labels":["pii"]}\n',
  )
  expect(report.results.map(({ line, passed }) => [line, passed])).toEqual([
    [1, true],
    [3, false],
    [4, false],
    [5, false],
    [6, false],
  ])
  expect(report.results[1]).toMatchObject({ name: 'two', actual: 'pass', expected: ['flag', 'block'] })
  expect(report.results[4]?.missing).toEqual(['pii'])
})

test('no case at all is an error', async () => {
  await expect(runPolicyCases(check, '\n\n')).rejects.toMatchObject({ code: 'input_invalid' })
})

test('JUnit is escaped and holds no judged text', async () => {
  const name = '<a> & "b" \u0001'
  const report = await runPolicyCases(check, JSON.stringify({ prompt: 'sesame', expect: 'block', name }))
  const xml = toJUnit(report, 'x<y')
  expect(xml).toContain('&lt;a&gt; &amp; &quot;b&quot;')
  expect(xml).toContain('tests="1" failures="1"')
  expect(xml).not.toMatch(/sesame|[\u0000-\u0008]/)
})
