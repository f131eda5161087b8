/** A zero-shot judge over test pairs, answer by answer, so that a killed run asks nothing twice but what failed. A failure is null, never a verdict. */
import { ParapetError } from '../../../spec/errors.ts'
import type { Subject } from '../../eval/subject.ts'
import type { Journal } from '../journal.ts'
import type { TopicSample } from '../sample.ts'

export interface JudgeAnswer {
  /** 0…1; null where there was none. */
  readonly score: number | null
}

/** Failures one after another behind which a judge is taken to be down. */
const MOST_FAILURES = 10

export function isJudgeAnswer(value: unknown): value is JudgeAnswer {
  const { score } = (value ?? {}) as Partial<JudgeAnswer>
  return score === null || (typeof score === 'number' && score >= 0 && score <= 1)
}

export async function askJudge(
  judge: Subject,
  samples: readonly TopicSample[],
  journal: Journal<JudgeAnswer>,
  context: { readonly onProgress: (message: string) => void; readonly signal?: AbortSignal },
): Promise<readonly (number | null)[]> {
  const during = context.signal ?? new AbortController().signal
  const scores: (number | null)[] = []
  let [failures, why] = [0, '']
  for (const [at, { system, prompt, label, language }] of samples.entries()) {
    if (during.aborted) throw new ParapetError('aborted', 'The judge was stopped.')
    const known = journal.known.get(String(at))
    const answer = known ?? (await one())
    if (known === undefined && answer.score !== null) journal.write(String(at), answer)
    failures = answer.score === null ? failures + 1 : 0
    if (failures === MOST_FAILURES)
      throw new ParapetError(
        'upstream_error',
        `The judge ${judge.name} failed ${MOST_FAILURES} times one after another (${why}). Mend it, and run the same command again: what it answered is kept.`,
      )
    scores.push(answer.score)
    if (at % 20 === 19) context.onProgress(`judge: ${at + 1} of ${samples.length}`)

    async function one(): Promise<JudgeAnswer> {
      const prediction = await judge.predict(
        { ...{ id: String(at), task: 'offtopic', language, prompt, response: null, system, label }, categories: [] },
        during,
      )
      if (during.aborted) throw new ParapetError('aborted', 'The judge was stopped.')
      if (prediction.outcome !== 'scored') {
        why = prediction.message
        return { score: null }
      }
      return { score: prediction.score ?? (prediction.positive === true ? 1 : 0) }
    }
  }
  return scores
}
