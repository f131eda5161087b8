/** The seed: what a record of each task says about harmful prompts, how much of each language, and what is held out. */
import { expect, test } from 'vitest'
import { row } from '../../../../test/support/lab-rows.ts'
import type { RecordFile, TrainingRecord } from '../records.ts'
import { targetsAt } from './labels.ts'
import { gatherSeed, type SeedOptions } from './seed-rows.ts'

const file = (records: readonly TrainingRecord[], name: string = 'garden'): RecordFile => ({
  ...{ name, sha256: '', records },
})
const OPTIONS: SeedOptions = { english: 100, languages: ['en', 'de'], seed: 1 }
/** Both labels, so that there is a seed. */
const BOTH = file(
  Array.from({ length: 40 }, (_, at) =>
    row({ task: 'prompt_harm', label: at % 2 === 0 ? 1 : 0, prompt: `Prompt number ${at} of the garden` }),
  ),
)
const seedOf = (change: Partial<TrainingRecord>, name?: string) => {
  const { rows, heldOut } = gatherSeed(
    [BOTH, file([row({ prompt: 'The jam of my sister', ...change })], name)],
    OPTIONS,
  )
  return [...rows, ...heldOut].find(({ text }) => text === 'The jam of my sister')
}

test.each([
  ['a harmful prompt', { task: 'prompt_harm', label: 1, categories: ['S2'] }, ['prompt_harm', 1]],
  ['a harmless one', { task: 'benign' }, ['benign', 0]],
  ['a prompt outside a scope', { task: 'offtopic', label: 1, system: 'We sell plants.' }, ['benign', 0]],
  ['a threat', { task: 'toxicity', label: 1, categories: ['threat'] }, ['toxicity', 1]],
  ['a clean text', { task: 'toxicity', label: 0 }, ['toxicity', 0]],
] as const)('%s has the label and the task that teach a guard the same', (_, change, [task, label]) => {
  expect(seedOf(change)).toMatchObject({ task, label })
})

test('a jailbreak of the wild is harmful, and of the category of its own', () => {
  const wild = seedOf({ task: 'injection', label: 1, categories: ['direct'] }, 'jailbreaks_in_the_wild')
  expect(wild).toMatchObject({ task: 'prompt_harm', label: 1, targets: targetsAt([11]) })
})

test.each([
  ['a rude text', { task: 'toxicity', label: 1, categories: ['insult'] }],
  ['another attack', { task: 'injection', label: 1, categories: ['direct'] }],
  ['an answer', { task: 'response_harm', label: 1, response: 'Take it.', categories: ['S2'] }],
  ['a refusal', { task: 'refusal', label: 1, response: 'No.' }],
] as const)('%s says nothing about harmful prompts', (_, change) => {
  expect(seedOf(change)).toBeUndefined()
})

test('a language with a share of 0 has no row in the seed, but its held-out rows', () => {
  const german = Array.from({ length: 60 }, (_, at) => row({ lang: 'de', prompt: `Bohnen im Garten gießen ${at}` }))
  const { rows, heldOut } = gatherSeed([BOTH, file(german)], { ...OPTIONS, shares: { en: 1, de: 0 } })
  expect(rows.filter(({ language }) => language === 'de')).toEqual([])
  expect(heldOut.some(({ language }) => language === 'de')).toBe(true)
})
