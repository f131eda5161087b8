/**
 * A verdict in stages: the label first, the reasons when somebody asks for them, each generated at most once. Reasons never change the
 * label; asking for them costs a second generation only where they did not come with it.
 */
import type { JudgeInput, JudgeRequest } from '../judge-input.ts'
import type { JudgeReading } from '../judge-reading.ts'
import { readCritique, type CritiqueReading } from './critique.ts'
import type { JudgeFormat } from './format.ts'

/** Runs a request on a model and gives its text. */
export type Generate = (request: JudgeRequest) => Promise<string>

export interface StagedVerdict {
  verdict(): Promise<JudgeReading>
  /** Null where there is no label to explain, or the format has no reasons. Rejects as `generate` does, and may be asked again. */
  critique(): Promise<CritiqueReading | null>
}

export function stageVerdict(format: JudgeFormat, input: JudgeInput, generate: Generate): StagedVerdict {
  const call = format.ask(input)
  const verdict = once(async () => call.parse(await generate(call.request)))
  const critique = once(async () => {
    const reading = await verdict()
    if (reading.kind === 'unparsable') return null
    if (call.later !== undefined) return call.later.read(await generate(call.later.request(reading)), reading)
    const reasons = reading.critique ?? reading.reasoning
    return reasons === null ? null : readCritique(reasons, reading, input, format.clauses)
  })
  return { verdict, critique }
}

/** Keeps what came; forgets a failure, so that a later call tries again. */
function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let kept: Promise<Value> | undefined
  return async () => {
    kept ??= make()
    try {
      return await kept
    } catch (cause) {
      kept = undefined
      throw cause
    }
  }
}
