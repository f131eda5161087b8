/**
 * Which inputs are hard for a guard, and what it can learn from them (GuardReasoner, arXiv 2501.18492): an input is hard when of its k
 * sampled outputs some are right and some wrong. It samples nothing; `mine.ts` does.
 *
 * Paper and released code differ; the options name both. Outputs that cannot be read count neither as right nor as wrong, as in the code.
 */
import { GUARDREASONER_LABELS, parseGuardReasonerAnswer } from '../../../guards/judge/formats/index.ts'
import { createRandom } from '../../../nn/random.ts'
import { ParapetError } from '../../../spec/errors.ts'
import { hardSampleWeights } from '../../align/losses/hard-dpo.ts'
import { ANSWER_KEYS } from '../examples/answer-block.ts'
import { type GuardTask, type GuardedRow, labelledTasks } from '../rows/guarded-row.ts'

export interface HardSampleOptions {
  /** Of the outputs right or wrong, which is learnt from: drawn by the seed (paper), or the longest (code). `random` if absent. */
  readonly pick?: 'random' | 'longest'
  readonly seed: number
}

export interface HardSample {
  readonly id: string
  readonly source: string
  /** The task on which the outputs differ. */
  readonly task: GuardTask
  readonly right: number
  readonly wrong: number
  readonly chosen: string
  readonly rejected: string
}

/** One task at a time, in the order of the released code: the first on which the outputs are mixed makes the pair. */
const CASCADE: readonly GuardTask[] = ['prompt_harm', 'response_harm', 'refusal']

/** The pair of a row, or null where all readable outputs agree with each other on every labelled task. */
export function hardSample(
  row: GuardedRow,
  outputs: readonly string[],
  { pick = 'random', seed }: HardSampleOptions,
): HardSample | null {
  const labelled = labelledTasks(row)
  for (const task of CASCADE) {
    if (!labelled.includes(task)) continue
    const [positive, negative] = GUARDREASONER_LABELS[ANSWER_KEYS[task]]
    const gold = row.labels[task] === true ? positive : negative
    const read = outputs.map((text) => ({ text, label: parseGuardReasonerAnswer(text, ANSWER_KEYS[task], 'strict') }))
    const right = read.filter(({ label }) => label === gold).map(({ text }) => text)
    const wrong = read.filter(({ label }) => label !== null && label !== gold).map(({ text }) => text)
    if (right.length === 0 || wrong.length === 0) continue
    const random = createRandom(seedOf(row.id, seed))
    return {
      ...{ id: row.id, source: row.source, task, right: right.length, wrong: wrong.length },
      chosen: picked(right, pick, random),
      rejected: picked(wrong, pick, random),
    }
  }
  return null
}

/** Of equally long outputs the first. */
function picked(texts: readonly string[], pick: 'random' | 'longest', random: () => number): string {
  const text =
    pick === 'random'
      ? texts[Math.floor(random() * texts.length)]
      : texts.reduce((longest, one) => (one.length > longest.length ? one : longest))
  return text ?? ''
}

/** A row's own draw, whatever rows stand beside it. */
function seedOf(id: string, seed: number): number {
  let hash = 2_166_136_261
  for (const unit of id) hash = Math.imul(hash ^ (unit.codePointAt(0) ?? 0), 16_777_619)
  return (hash >>> 0) + seed * 7_919
}

/** H_ensemble: the samples of the first guard, then those of the others on inputs that were not hard before (the first wins). */
export function mergeHardSamples<Sample extends HardSample>(
  ...lists: readonly (readonly Sample[])[]
): readonly Sample[] {
  const merged = new Map<string, Sample>()
  for (const sample of lists.flat()) if (!merged.has(sample.id)) merged.set(sample.id, sample)
  return [...merged.values()]
}

export interface WeightedHardSample extends HardSample {
  /** α of the loss. */
  readonly weight: number
}

/**
 * `α = 1 + Norm(wrong - right, γ)`, by min-max within each source data set, as the code does (before merging there: weigh each list, then
 * merge).
 */
export function weighHardSamples(samples: readonly HardSample[], gamma: number = 0.2): readonly WeightedHardSample[] {
  const weights = new Map<HardSample, number>()
  for (const source of new Set(samples.map((sample) => sample.source))) {
    const own = samples.filter((sample) => sample.source === source)
    const alphas = hardSampleWeights(
      own.map(({ right, wrong }) => wrong - right),
      gamma,
    )
    own.forEach((sample, at) => weights.set(sample, alphas[at] ?? 1))
  }
  return samples.map((sample) => {
    const weight = weights.get(sample)
    if (weight === undefined) throw new ParapetError('internal', `The sample ${sample.id} was not weighed.`)
    return { ...sample, weight }
  })
}
