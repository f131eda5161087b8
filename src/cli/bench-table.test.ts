/** The table of a run in a terminal: what it says of subjects in tiers. */
import { expect, test } from 'vitest'
import type { EvaluationSet, Subject } from '../lab/eval/index.ts'
import { runEvaluation } from '../lab/eval/index.ts'
import { renderRun } from './bench-table.ts'

const set: EvaluationSet = {
  name: 'invented',
  task: 'injection',
  purpose: 'detection',
  sha256: '0'.repeat(64),
  licence: 'CC0-1.0',
  citation: 'invented',
  samples: Array.from({ length: 8 }, (_, index) => ({
    id: String(index),
    task: 'injection',
    language: 'en',
    prompt: `text ${index}`,
    response: null,
    system: null,
    label: index % 2 === 0 ? 1 : 0,
    categories: [],
  })),
}

function subject(name: string, tier?: (index: number) => string): Subject {
  return {
    name,
    version: '1',
    kind: 'measured',
    tasks: ['injection'],
    predict: ({ id }) => ({
      outcome: 'scored',
      score: Number(id) / 10,
      positive: null,
      milliseconds: 1,
      ...(tier === undefined ? {} : { tier: tier(Number(id)) }),
    }),
  }
}

async function table(...subjects: readonly Subject[]): Promise<string> {
  const { run } = await runEvaluation({
    subjects,
    sets: [set],
    seed: 1,
    resamples: 100,
  })
  return renderRun(run)
}

test('the share of samples that reached the deep tier has a column where there are tiers', async () => {
  const shown = await table(
    subject('tiered', (index) => (index < 2 ? 'deep' : 'fast')),
    subject('sure', () => 'fast'),
    subject('plain'),
  )
  expect(shown).toMatch(/p50 ms +deep$/m)
  expect(shown).toMatch(/^ {2}tiered .* 25\.0$/m)
  expect(shown).toMatch(/^ {2}sure .* 0\.0$/m)
  expect(shown).toMatch(/^ {2}plain .* –$/m)
  expect(await table(subject('plain'))).not.toContain('deep')
})

test('too few over-refusal sets are said, with sets that would do for the task', async () => {
  expect(await table(subject('plain'))).toMatch(
    /^injection: 0 over-refusal sets; two belong beside an F1, sets of injection rows that are all harmless\.$/m,
  )
  const samples = set.samples.map((sample) => ({ ...sample, task: 'prompt_harm' as const }))
  const harm = { ...set, task: 'prompt_harm' as const, samples }
  const { run } = await runEvaluation({ subjects: [subject('plain')], sets: [harm], seed: 1, resamples: 100 })
  expect(renderRun(run)).toContain(
    'prompt_harm: 0 over-refusal sets; two belong beside an F1, for example XSTest and OR-Bench.',
  )
})
