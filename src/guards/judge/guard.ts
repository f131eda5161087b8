/**
 * A language model as a guard: any format over any completion engine. Long texts are judged in overlapping windows; a text is clean only
 * where every window was judged clean. It decides nothing, and never takes a failure for a clean text.
 */
import type { CompletionEngine, Guard, GuardReport, Stage } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { hashText } from '../../core/text/index.ts'
import type { Judge } from './ask-judge.ts'
import type { FormatSettings, JudgeFormat } from './formats/format.ts'
import { judgeFormat } from './formats/registry.ts'
import type { JudgeTask, PolicyClause } from './judge-input.ts'
import { tasksAt, wholeTexts } from './judged-texts.ts'
import type { CritiqueMode } from './judge-run.ts'
import { JudgeRun } from './judge-run.ts'
import { JudgeStream } from './judge-stream.ts'
import type { ExplainedText, PassageCritique } from './passage-critiques.ts'
import { askPassages } from './passage-critiques.ts'

export interface JudgeGuardOptions {
  readonly id?: string
  readonly engine: CompletionEngine
  /** A format by its name, or one of your own, which the verdict cache knows by its name and clauses. */
  readonly format: string | JudgeFormat
  /** Clauses instead of the format's own taxonomy. */
  readonly policy?: readonly PolicyClause[]
  /** Other settings of a format given by name. */
  readonly settings?: Omit<FormatSettings, 'clauses'>
  /** What is reported. All of these must be answered; by default everything the format answers is, and its main task must be. */
  readonly tasks?: readonly JudgeTask[]
  /** Default: every stage that the tasks are about: `input`, `output`. */
  readonly stages?: readonly Stage[]
  /** Positive above this probability, between 0 and 1, which then counts as 0.5 for the policy. Default: what the judge says. */
  readonly threshold?: number
  /** Default `lazy`. */
  readonly critique?: CritiqueMode
  /** Characters judged at once. Default 8,000, or 2,000 where streams are judged in windows. */
  readonly window?: number
  /** Distance between the starts of windows. Default three quarters of one. */
  readonly hop?: number
  /** Longer texts are refused with `input_too_large`. Default 64,000 characters. */
  readonly longest?: number
  /** Characters of the prompt beside an answer, and of earlier turns. Default: one window. */
  readonly context?: number
  /** Earlier turns shown to formats that see them. Verdicts that depend on them are not cached. Default 0. */
  readonly turns?: number
  /** The system prompt where a request has none. */
  readonly system?: string
  /** How streamed answers are judged: `whole` at their end, held until then, or in `windows` as they grow. Default `whole`. */
  readonly stream?: 'whole' | 'windows'
  /**
   * Milliseconds for one verdict, given to the engine as its deadline. Set it below the rail's deadline: what is known by then counts,
   * whereas a rail that runs out of time has no verdict at all. Default: the rail's deadline alone.
   */
  readonly timeout?: number
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number
}

export interface JudgeGuard extends Guard {
  /**
   * The reasons behind a report that `check` gave, for each harmful passage, asked for now unless known. Empty for a clean text, where
   * the judge has none, under `never`, and for a report of another guard. They quote the judged text: treat them as you treat it. Rejects
   * as the engine does. With a signal `timeout` does not bound them: whoever holds the signal does.
   */
  critiques(report: GuardReport, options?: { readonly signal?: AbortSignal }): Promise<readonly PassageCritique[]>
}

const NOTHING: ExplainedText = { passages: [], whole: [] }

/** Longest passages over which a stream is sure to be held (`core/stream`). */
const LONGEST_STREAMED = 4_096
/** Milliseconds of the longest timer; a longer one would end at once. */
const LONGEST_TIMEOUT = 2_147_483_647

/**
 * Creates the guard.
 *
 * @throws ParapetError `configuration`
 */
export function createJudgeGuard(options: JudgeGuardOptions): JudgeGuard {
  const { id = 'judge', engine, threshold = null, critique = 'lazy', stream = 'whole' } = options
  const format = formatOf(options)
  const tasks = options.tasks ?? format.tasks
  const all = options.tasks !== undefined
  const { window = stream === 'windows' ? 2_000 : 8_000 } = options
  const sizes = {
    window,
    hop: options.hop ?? Math.max(1, Math.floor(window * 0.75)),
    longest: options.longest ?? 64_000,
  }
  const { context = window, turns = 0, system } = options
  checkOptions({ ...options, ...sizes, context, turns, critique, stream }, format)
  const stages = stagesOf(options.stages, tasks, format)
  const judge: Judge = { engine, format, threshold }
  const kept = new WeakMap<GuardReport, ExplainedText>()
  const run = new JudgeRun({
    ...{ judge, tasks, sizes, critique, all },
    ...{ limits: { context, turns: format.sees === 'conversation' ? turns : 0, system } },
    ...{ timeout: options.timeout, now: options.now ?? Date.now },
  })
  const { settings = {}, policy = format.clauses } = options
  const facts = [format.name, settings, policy, tasks, all, threshold, critique, sizes, context, turns, system ?? null]
  return {
    specVersion: 'v1',
    ...{ id, stages },
    version: hashText(JSON.stringify([engine.version, ...facts])),
    // The verdict cache does not know earlier turns.
    cacheable: turns === 0 || format.sees === 'last_exchange',
    async check(request) {
      const { report, harmful } = await run.check(request)
      if (critique !== 'never' && harmful.length > 0)
        kept.set(report, { passages: harmful, whole: wholeTexts(request.text.original, request) })
      return report
    },
    ...(stream === 'windows' ? { maxSpan: window, open: (request) => new JudgeStream(run, request) } : {}),
    critiques: (report, { signal } = {}) =>
      askPassages(kept.get(report) ?? NOTHING, signal === undefined ? run.callOptions(signal) : { signal }),
  }
}

/**
 * The format that options name, with their clauses and settings.
 *
 * @throws ParapetError `configuration`
 */
export function formatOf({
  format,
  policy,
  settings,
}: Pick<JudgeGuardOptions, 'format' | 'policy' | 'settings'>): JudgeFormat {
  if (typeof format === 'string')
    return judgeFormat(format, { ...settings, ...(policy === undefined ? {} : { clauses: policy }) })
  if (policy === undefined && settings === undefined) return format
  throw wrong('a format of your own has its policy and settings in itself; leave out policy and settings')
}

function stagesOf(
  given: readonly Stage[] | undefined,
  tasks: readonly JudgeTask[],
  { name }: JudgeFormat,
): readonly Stage[] {
  const stages = given ?? (['input', 'output'] as const).filter((stage) => tasksAt(stage, tasks).length > 0)
  const idle = stages.find((stage) => tasksAt(stage, tasks).length === 0)
  if (idle !== undefined) throw wrong(`${name} has nothing to say at stage ${idle} with the tasks ${tasks.join(', ')}`)
  return stages
}

function checkOptions(
  options: JudgeGuardOptions & Required<Pick<JudgeGuardOptions, 'window' | 'hop' | 'longest' | 'context' | 'turns'>>,
  format: JudgeFormat,
): void {
  const { window, hop, longest, context, turns, threshold, timeout, tasks, critique = '', stream = '' } = options
  for (const [key, value] of Object.entries({ window, hop, longest, context }))
    if (!Number.isSafeInteger(value) || value < 1) throw wrong(`${key} must be a whole number above 0`)
  if (hop > window) throw wrong('hop must not be larger than window, or passages would go unjudged')
  if (!Number.isSafeInteger(turns) || turns < 0) throw wrong('turns must be a whole number of at least 0')
  if (threshold !== undefined && !(threshold > 0 && threshold < 1)) throw wrong('threshold must lie between 0 and 1')
  if (timeout !== undefined && !(timeout > 0 && timeout <= LONGEST_TIMEOUT))
    throw wrong(`timeout must be a number above 0, and at most ${LONGEST_TIMEOUT}`)
  if (!['never', 'when-flagged', 'lazy'].includes(critique)) throw wrong('critique is never, when-flagged or lazy')
  if (critique === 'when-flagged' && timeout === undefined)
    throw wrong('when-flagged needs a timeout below the rail’s deadline, or slow reasons could cost the verdict')
  if (!['whole', 'windows'].includes(stream)) throw wrong('stream is whole or windows')
  if (stream === 'windows' && window > LONGEST_STREAMED)
    throw wrong(`streams are judged in windows of at most ${LONGEST_STREAMED} characters`)
  const unknown = tasks?.find((task) => !format.tasks.includes(task))
  if (unknown !== undefined || tasks?.length === 0)
    throw wrong(`the tasks of ${format.name} are ${format.tasks.join(', ')}`)
}

function wrong(message: string): ParapetError {
  return new ParapetError('configuration', `The options of a judge are wrong: ${message}.`)
}
