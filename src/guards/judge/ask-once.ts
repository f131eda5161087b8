/**
 * One question to a judge over an engine: the label with the probabilities of its tasks, and the reasons when somebody wants them. It
 * gives no verdict where there is none: an answer that cannot be read, or was withheld, is an error.
 */
import type { Completion, CompletionOptions } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import type { Judge, JudgeAnswer, Question, TaskScore } from './ask-judge.ts'
import type { JudgeFormat } from './formats/format.ts'
import { stageVerdict } from './formats/staged.ts'
import { LONGEST_ANSWER } from './formats/strict-json.ts'
import { verdictFor } from './judge-reading.ts'
import { stretch } from './stretch.ts'

/** Candidates asked for at each token: a label may begin in several ways. */
const CANDIDATES = 10

/** Rejects with `guard_failed` where there is no label, and as the engine does. */
export async function askOnce(judge: Judge, question: Question, options: CompletionOptions): Promise<JudgeAnswer> {
  const { engine, format } = judge
  const { input, tasks, all } = question
  const call = format.ask(input)
  const wanted = call.tasks.filter((task) => tasks.includes(task))
  const [first] = wanted
  if (first === undefined || (all && wanted.length < tasks.length))
    throw noVerdict(format, `it does not answer ${tasks.filter((task) => !wanted.includes(task)).join(', ')} here`)
  let current = options
  let answer: Completion | undefined
  const staged = stageVerdict(format, input, async (request) => {
    const completion = await engine.complete(
      answer === undefined ? { ...request, topLogprobs: CANDIDATES } : request,
      current,
    )
    const { finish, text } = completion
    if (finish === 'filtered') throw noVerdict(format, 'its server withheld the answer')
    if (text.length > LONGEST_ANSWER) throw noVerdict(format, 'its answer is too long to be one')
    if (answer === undefined && call.labelLast === true && finish === 'length')
      throw noVerdict(format, 'its answer was cut off before the label')
    answer ??= completion
    return text
  })
  const reading = await staged.verdict()
  if (reading.kind === 'unparsable') throw noVerdict(format, `its answer cannot be read (${reading.reason})`)
  const required = all ? wanted : [first]
  const unread = required.find((task) => verdictFor(reading, task) === 'unparsable')
  if (unread !== undefined) throw noVerdict(format, `it gave no answer to ${unread}`)
  const tokens = answer?.tokens ?? null
  const scores = wanted.flatMap((task): readonly TaskScore[] => {
    const verdict = verdictFor(reading, task)
    if (verdict === 'unparsable') return []
    const probability = tokens === null ? null : call.score(tokens, task)
    return [{ task, score: scoreOf(judge, verdict === 'positive', probability), probability }]
  })
  return {
    ...{ scores, reading, reasonsCameAlong: call.later === undefined },
    critique: (later) => {
      current = later
      return staged.critique()
    },
  }
}

function noVerdict({ name }: JudgeFormat, why: string): ParapetError {
  return new ParapetError('guard_failed', `The judge ${name} gave no verdict: ${why}.`)
}

/**
 * Without a threshold the judge's word decides and its probability says how surely; where the two disagree, the worse of them counts.
 * With one the probability decides, stretched so that the threshold becomes one half.
 */
function scoreOf({ format, threshold }: Judge, positive: boolean, probability: number | null): number {
  if (threshold === null) {
    if (!positive) return probability ?? 0
    return probability !== null && probability > 0.5 ? probability : 1
  }
  if (probability !== null) return stretch(probability, threshold)
  if (positive) return 1
  throw noVerdict(format, 'a threshold needs token probabilities, and none came that decide')
}
