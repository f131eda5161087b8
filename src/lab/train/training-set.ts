/** Everything a guard model learns from and is calibrated on: examples of records and invented ones, split once for both tiers. */
import { createRandom } from '../../nn/random.ts'
import type { EmbeddedModelData } from '../../nn/embedded-model.ts'
import type { Example } from './examples.ts'
import { toExamples } from './examples.ts'
import { passageExamples, type PassageExample } from './passage-examples.ts'
import type { RecordFile } from './records.ts'
import { syntheticFrom } from './synthetic.ts'

export interface TrainingSetOptions {
  readonly files: readonly RecordFile[]
  /** Sets that only calibrate. */
  readonly calibration: readonly RecordFile[]
  readonly seed: number
  /** Invented examples of each kind. Default 12,000. */
  readonly synthetic?: number
}

/** An example that is not learnt from, and the set it comes from. */
export interface CalibrationExample {
  readonly example: Example
  readonly set: string
}

export interface TrainingSet {
  readonly learnt: readonly Example[]
  readonly calibration: readonly CalibrationExample[]
  /** What the passage model of the fast tier learns from. */
  readonly passages?: readonly PassageExample[]
  readonly coverage: EmbeddedModelData['coverage']
}

/** The set of held-out training rows. */
export const HELD_OUT_SET = 'held-out'
/** One text in so many is held out, with everything that was said about it. */
const HELD_OUT = 20
/** Rows of either label in a language from which a head counts as trained there. */
const ENOUGH = 200

export function gatherTrainingSet({ files, calibration, seed, synthetic = 12_000 }: TrainingSetOptions): TrainingSet {
  const real = files.flatMap(({ name, records }) => records.flatMap((record) => toExamples(record, name)))
  const examples = [...real, ...syntheticFrom(files, createRandom(seed + 6), synthetic)]
  return {
    learnt: examples.filter((example) => !isHeldOut(example)),
    calibration: [
      ...examples.filter(isHeldOut).map((example) => ({ example, set: HELD_OUT_SET })),
      ...calibration.flatMap(({ name, records }) =>
        records.flatMap((record) => toExamples(record, name).map((example) => ({ example, set: name }))),
      ),
    ],
    passages: [...passageExamples({ files, seed: seed + 7, synthetic, isHeldOut: isHeldOutText })],
    coverage: coverageOf(real),
  }
}

/** By the text itself, so that an example and its copies, or a prompt and the answers to it, stay on one side. */
export function isHeldOut({ text, prompt, response }: Example): boolean {
  return isHeldOutText(text ?? (prompt === undefined || prompt === '' ? (response ?? '') : prompt))
}

function isHeldOutText(text: string): boolean {
  return textHash(text) % HELD_OUT === 0
}

/** FNV-1a over UTF-16 units, mixed. */
export function textHash(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (hash ^ (hash >>> 13)) >>> 0
}

function coverageOf(examples: readonly Example[]): EmbeddedModelData['coverage'] {
  const counts = new Map<string, Map<string, [number, number]>>()
  for (const { targets, language = '' } of examples)
    for (const [head, label] of Object.entries(targets)) {
      const languages = counts.get(head) ?? new Map<string, [number, number]>()
      const pair = languages.get(language) ?? [0, 0]
      pair[label]++
      counts.set(head, languages.set(language, pair))
    }
  return Object.fromEntries(
    [...counts].map(([head, languages]) => [
      head,
      Object.fromEntries(
        [...languages].map(([language, [none, some]]) => [
          language,
          none >= ENOUGH && some >= ENOUGH ? 'trained' : none + some > 0 ? 'transferred' : 'untested',
        ]),
      ),
    ]),
  )
}
