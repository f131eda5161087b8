/** A zero-shot judge over test pairs, answer by answer, so that a killed run asks nothing twice. What fails is null, never a verdict. */
import { ParapetError } from '../../../spec/errors.ts'
import type { Subject } from '../../eval/subject.ts'
import type { Journal } from '../journal.ts'
import type { TopicSample } from '../sample.ts'

export interface JudgeAnswer {
  /** 0…1; null where there was none. */
  readonly score: number | null
}

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
  for (const [at, { system, prompt, label, language }] of samples.entries()) {
    if (during.aborted) throw new ParapetError('aborted', 'The judge was stopped.')
    const known = journal.known.get(String(at))
    const answer = known ?? (await one())
    if (known === undefined) journal.write(String(at), answer)
    scores.push(answer.score)
    if (at % 20 === 19) context.onProgress(`judge: ${at + 1} of ${samples.length}`)

    async function one(): Promise<JudgeAnswer> {
      const prediction = await judge.predict(
        { ...{ id: String(at), task: 'offtopic', language, prompt, response: null, system, label }, categories: [] },
        during,
      )
      if (during.aborted) throw new ParapetError('aborted', 'The judge was stopped.')
      if (prediction.outcome !== 'scored') return { score: null }
      return { score: prediction.score ?? (prediction.positive === true ? 1 : 0) }
    }
  }
  return scores
}
