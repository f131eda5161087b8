/**
 * A judge of the guards, in any of its formats over any engine, asked what the guard would ask. Its score is the token probability of
 * the label, before the guard's threshold; null where none came that decides.
 *
 * A text is put to it whole: windows and context belong to the guard, which a policy measures. It opens no connection itself.
 */
import { createTextView, hashText } from '../../../core/text/index.ts'
import { failureReason } from '../../../engines/calls/index.ts'
import { askJudge } from '../../../guards/judge/ask-judge.ts'
import { formatOf, type JudgeGuardOptions, type JudgeTask } from '../../../guards/judge/index.ts'
import type { JudgedRequest } from '../../../guards/judge/judged-texts.ts'
import { inputFor } from '../../../guards/judge/judged-texts.ts'
import type { EngineFailureReason } from '../../../spec/index.ts'
import { ParapetError } from '../../../spec/index.ts'
import { judgedText } from '../contamination.ts'
import type { EvaluationSample, EvaluationTask } from '../sample.ts'
import { EVALUATION_TASKS } from '../sample.ts'
import type { Prediction, Subject } from '../subject.ts'

export interface JudgeSubjectOptions extends Pick<
  JudgeGuardOptions,
  'engine' | 'format' | 'policy' | 'settings' | 'threshold' | 'system'
> {
  /** Default: the format and the engine. */
  readonly name?: string
  /**
   * Tasks whose label is what the judge calls harm: `injection` for a judge whose clauses are about injections. Default the tasks of
   * that name, `prompt_harm` and `response_harm`.
   */
  readonly harm?: readonly EvaluationTask[]
}

/** Failures of an engine in which the server did answer, with something that is no answer. */
const UNREADABLE: ReadonlySet<EngineFailureReason> = new Set(['malformed', 'wrong_type', 'empty', 'too_large'])

/**
 * A judge of the tasks that its format answers.
 *
 * @throws ParapetError `configuration` for a wrong format, setting or threshold, or for tasks none of which it answers.
 */
export function createJudgeSubject(options: JudgeSubjectOptions): Subject {
  const { engine, threshold = null, system, harm = ['prompt_harm', 'response_harm'] } = options
  const format = formatOf(options)
  if (threshold !== null && !(threshold > 0 && threshold < 1))
    throw new ParapetError('configuration', 'The threshold of a judge must lie between 0 and 1.')
  const questionAbout = (task: EvaluationTask, answered: boolean): JudgeTask | null => {
    const asked = questionOf(task, answered, harm)
    return asked !== null && format.tasks.includes(asked) ? asked : null
  }
  const tasks = EVALUATION_TASKS.filter((task) => [true, false].some((answered) => questionAbout(task, answered)))
  if (tasks.length === 0)
    throw new ParapetError(
      'configuration',
      `The judge ${format.name} answers ${format.tasks.join(', ')}, which is the label of none of the tasks.`,
    )
  const limits = { context: Infinity, turns: 0, system }
  const { policy = format.clauses, settings = {} } = options
  const asked = hashText(JSON.stringify([policy, settings, threshold, system ?? null, harm])).slice(0, 12)
  return {
    name: options.name ?? `judge ${format.name} ${engine.id}`,
    // What a run was measured with: other clauses, settings or a threshold make another judge.
    version: `${format.name} ${asked} ${engine.version}`,
    kind: 'measured',
    tasks,
    predict: async (sample, signal) => {
      const started = performance.now()
      const elapsed = (): number => performance.now() - started
      const task = questionAbout(sample.task, sample.response !== null)
      if (task === null) {
        const what = sample.response === null ? 'without a response' : 'with a response'
        const message = `The judge ${format.name} does not answer ${sample.task} ${what}.`
        return { outcome: 'error', message, milliseconds: elapsed() }
      }
      const input = inputFor(createTextView(judgedText(sample)), requestOf(sample, signal), limits)
      try {
        const question = { input, tasks: [task], all: true }
        const answer = await askJudge({ engine, format, threshold }, question, { signal })
        const [scored] = answer.scores
        if (scored === undefined) throw new ParapetError('guard_failed', 'The judge gave no score.')
        const { probability, score } = scored
        return { outcome: 'scored', score: probability, positive: score > 0.5, milliseconds: elapsed() }
      } catch (cause) {
        return failureOf(cause, elapsed())
      }
    },
  }
}

/** The judge's question whose answer is a task's label; null where it has none. */
function questionOf(task: EvaluationTask, answered: boolean, harm: readonly EvaluationTask[]): JudgeTask | null {
  if (harm.includes(task)) return answered ? 'response_harm' : 'prompt_harm'
  if (task === 'refusal') return answered ? 'refusal' : null
  return task === 'offtopic' ? 'off_topic' : null
}

/** A sample as the pipeline would put it to the guard. */
function requestOf({ prompt, response, system }: EvaluationSample, signal: AbortSignal): JudgedRequest {
  const common = { ...(system === null ? {} : { system }), caller: {}, signal }
  return response === null
    ? { stage: 'input', field: 'prompt', ...common }
    : { stage: 'output', field: 'response', prompt, ...common }
}

function failureOf(cause: unknown, milliseconds: number): Prediction {
  const message = cause instanceof Error ? cause.message : String(cause)
  const reason = failureReason(cause)
  const unread = ParapetError.isInstance(cause) && cause.code === 'guard_failed'
  if (unread || (reason !== null && UNREADABLE.has(reason))) return { outcome: 'parse_failure', message, milliseconds }
  return { outcome: reason === 'timeout' ? 'timeout' : 'error', message, milliseconds }
}
