/**
 * A file of the model's answer that is no text: which guards the answer waits for, which only observe, and what the policy says
 * where none answers for it.
 *
 * What that means for the stream is `answer.ts`; how one medium is judged is `pipeline/media.ts`.
 */
import type { FilePart } from '../../spec/index.ts'
import type { MediumRequest } from '../pipeline/media.ts'
import { judgeMedium, mediaEntries, mediumType, unjudgedMedium } from '../pipeline/media.ts'
import type { TextOutcome } from '../pipeline/result.ts'
import type { RunContext } from './context.ts'

export interface FileJudgement {
  /** Guards answer for it, not the policy's rule for media. */
  readonly governed: boolean
  /** What the answer waits for. A promise only when guards are asked. */
  readonly outcomes: readonly TextOutcome[] | Promise<readonly TextOutcome[]>
  /** Guards in shadow, which the answer does not wait for; null when there are none. */
  readonly observers: Promise<readonly TextOutcome[]> | null
}

export function judgeFile(part: FilePart, context: RunContext): FileJudgement {
  const { policy, judge, stop } = context
  const rail = judge.railContext(policy, stop)
  const sources = part.sources ?? [part.data]
  const waited: (readonly TextOutcome[] | Promise<readonly TextOutcome[]>)[] = []
  const observed: Promise<TextOutcome>[] = []
  let governed = true
  for (const source of sources.length === 0 ? [''] : sources) {
    const request = requestFor(part, source, context)
    const entries = mediaEntries(request, rail)
    const live = policy.shadow ? [] : entries.filter((entry) => !entry.shadow)
    const observers = policy.shadow ? entries : entries.filter((entry) => entry.shadow)
    if (observers.length > 0) observed.push(judgeMedium(request, observers, rail))
    if (live.length > 0) waited.push(judgeMedium(request, live, rail).then((outcome) => [outcome]))
    if (entries.some((entry) => !entry.shadow)) continue
    governed = false
    waited.push(unjudgedMedium(policy, request, entries.length > 0))
  }
  const outcomes = waited.some((list) => list instanceof Promise)
    ? Promise.all(waited).then((lists) => lists.flat())
    : waited.flatMap((list) => (list instanceof Promise ? [] : list))
  return { governed, outcomes, observers: observed.length === 0 ? null : Promise.all(observed) }
}

function requestFor(part: FilePart, source: string, context: RunContext): MediumRequest {
  const { caller, prompt, system, messages } = context
  return {
    stage: 'output',
    field: 'response',
    aside: 'file',
    mediaType: mediumType(part.mediaType, source),
    source,
    caller,
    ...(prompt === undefined ? {} : { prompt }),
    ...(system === undefined ? {} : { system }),
    ...(messages === undefined ? {} : { messages }),
  }
}
