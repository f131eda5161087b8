/** Public models by name: what their labels come to, and which folders do not fit. */
import { describe, expect, test } from 'vitest'
import { harmOf, requestFor, scripted, type Script } from '../../../test/support/scripted-text-classifier.ts'
import type { GuardReport, GuardRequest } from '../../spec/index.ts'
import { STAGES } from '../../spec/index.ts'
import { TEXT_CLASSIFIER_PRESETS, createTextClassifierGuard, textClassifierPreset } from './index.ts'

describe('presets', () => {
  test.each(TEXT_CLASSIFIER_PRESETS)('%s says what it follows, and what is open', (name) => {
    const { source, labels, threshold, stages } = textClassifierPreset(name)
    expect(source.follows.length).toBeGreaterThan(0)
    expect(source.verified).toBe(source.open === '')
    expect(threshold).toBe(0.5)
    expect(stages.every((stage) => STAGES.includes(stage))).toBe(true)
    expect(Object.keys(labels).length).toBeGreaterThanOrEqual(2)
  })

  test('DuoGuard: harmful above one half in any of twelve, with the hazards they stand for', async () => {
    const { labels = [] } = textClassifierPreset('duoguard').model
    expect(labels).toHaveLength(12)
    const report = async (at: number, probability: number): Promise<GuardReport> => {
      const engine = scripted(labels, () => labels.map((_, index) => (index === at ? probability : 0.01)))
      return createTextClassifierGuard({ engine, preset: 'duoguard' }).check(requestFor('text'))
    }
    const hate = await report(labels.indexOf('Hate'), 0.51)
    expect(harmOf(hate)).toBeGreaterThan(0.5)
    expect(hate.categories?.['S10']).toBeCloseTo(0.51, 6)
    expect(harmOf(await report(0, 0.5))).toBe(0.5)
    const jailbreak = await report(labels.indexOf('Jailbreak prompts'), 0.9)
    expect([harmOf(jailbreak), jailbreak.scores?.injection]).toEqual([0.9, 0.9])
  })

  test('Prompt Guard: instructions count in documents only, jailbreaks everywhere, under either names', async () => {
    for (const labels of [
      ['BENIGN', 'INJECTION', 'JAILBREAK'],
      ['LABEL_0', 'LABEL_1', 'LABEL_2'],
    ]) {
      const script: Script = ({ text }) => (text === 'do it' ? [0.1, 0.7, 0.2] : [0.1, 0.1, 0.8])
      const guard = createTextClassifierGuard({ engine: scripted(labels, script, true), preset: 'prompt-guard' })
      const score = async (text: string, more: Partial<GuardRequest>): Promise<number> =>
        (await guard.check(requestFor(text, more))).scores?.injection ?? Number.NaN
      expect(await score('do it', {})).toBeCloseTo(0.2, 6)
      expect(await score('do it', { stage: 'retrieval' })).toBeCloseTo(0.9, 6)
      expect(await score('do it', { origin: 'unknown', system: 'a task' })).toBeCloseTo(0.9, 6)
      expect(await score('jailbreak', {})).toBeCloseTo(0.8, 6)
    }
  })

  test('a model with fewer labels than its preset expects is refused', () => {
    const two = scripted(['LABEL_0', 'LABEL_1'], () => [1, 0], true)
    expect(() => createTextClassifierGuard({ engine: two, preset: 'prompt-guard' })).toThrow('at stage input')
    expect(() => createTextClassifierGuard({ engine: two, preset: 'duoguard' })).toThrow(
      'nothing is said of the labels',
    )
    const three = scripted(['LABEL_0', 'LABEL_1', 'LABEL_2'], () => [1, 0, 0], true)
    expect(() => createTextClassifierGuard({ engine: three, preset: 'prompt-guard-2' })).toThrow('LABEL_2')
  })

  test('off-topic models compare with the system prompt', async () => {
    for (const preset of ['off-topic-cross-encoder', 'off-topic-bi-encoder']) {
      const engine = scripted(
        ['on-topic', 'off-topic'],
        ({ context }) => (context === 'a shop' ? [0.1, 0.9] : [1, 0]),
        true,
      )
      const guard = createTextClassifierGuard({ engine, preset })
      const { findings } = await guard.check(requestFor('the moon', { system: 'a shop' }))
      expect([guard.stages, findings]).toEqual([['input'], [{ label: 'off_topic', score: 0.9 }]])
    }
  })
})
