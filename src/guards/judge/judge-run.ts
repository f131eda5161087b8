/**
 * Judges a text passage by passage. One passage found harmful is enough for a report, whatever became of the others; without one, every
 * passage must have been judged.
 */
import type { CompletionOptions, GuardReport, GuardRequest } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { createTextView, windows } from '../../core/text/index.ts'
import type { Judge, JudgeAnswer, TaskScore } from './ask-judge.ts'
import { askJudge } from './ask-judge.ts'
import type { CritiqueReading } from './formats/critique.ts'
import type { JudgeTask } from './judge-input.ts'
import type { ContextLimits, JudgedRequest } from './judged-texts.ts'
import { inputFor, tasksAt } from './judged-texts.ts'
import type { JudgedPassage } from './judge-summary.ts'
import { JudgeSummary } from './judge-summary.ts'
import { AT_ONCE, settleAll } from './settle-all.ts'

/**
 * When the reasons of a verdict are asked for. `when-flagged`: with the verdict where a text is harmful, so that its report shows the
 * passages quoted; this needs a `timeout`. `lazy`: when `critiques` is called, which the record does once the decision is kept; reasons
 * that come with the label anyway are used at once. None changes a label.
 */
export type CritiqueMode = 'never' | 'when-flagged' | 'lazy'

/** Sizes in characters. */
export interface PassageSizes {
  readonly window: number
  readonly hop: number
  readonly longest: number
}

export interface JudgeRunParts {
  readonly judge: Judge
  readonly tasks: readonly JudgeTask[]
  /** Every task has to be answered. */
  readonly all: boolean
  readonly sizes: PassageSizes
  readonly limits: ContextLimits
  readonly critique: CritiqueMode
  readonly timeout: number | undefined
  readonly now: () => number
}

export class JudgeRun {
  readonly parts: JudgeRunParts

  constructor(parts: JudgeRunParts) {
    this.parts = parts
  }

  callOptions(signal: AbortSignal | undefined): CompletionOptions {
    const { timeout, now } = this.parts
    return {
      ...(signal === undefined ? {} : { signal }),
      ...(timeout === undefined ? {} : { deadline: now() + timeout }),
    }
  }

  async check(
    request: GuardRequest,
  ): Promise<{ readonly report: GuardReport; readonly harmful: readonly JudgedPassage[] }> {
    const { window, hop, longest } = this.parts.sizes
    const { original } = request.text
    if (original.length > longest) throw tooLong(longest)
    // Nothing was said, so there is nothing to ask.
    if (original === '') return { report: { findings: [], ...this.summary().report() }, harmful: [] }
    const call = this.callOptions(request.signal)
    const whole = original.length <= window
    const spans = [...windows(original.length, window, hop)]
    // Clause by clause, a passage shares a prefix with itself only.
    const atOnce = this.parts.judge.format.each === undefined ? AT_ONCE : 1
    const settled = await settleAll(spans, atOnce, ([start, end]) =>
      this.passage(original.slice(start, end), start, whole, request, call),
    )
    const passages = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    const failure = settled.find((one) => one.status === 'rejected')
    if (failure !== undefined && !passages.some(({ answer }) => isHarmful(answer))) throw failure.reason
    const summary = this.summary()
    // Where a passage went unjudged, what was found speaks for the whole text: nothing of it may go on for want of a span, or because the
    // policy's threshold lies above the scores of the others.
    for (const passage of passages)
      summary.add(failure === undefined ? passage : { ...passage, whole: true, answer: atWorst(passage.answer) })
    const report = { findings: summary.findings, ...summary.report() }
    return { report, harmful: harmfulOf(passages) }
  }

  /** Judges one passage, which begins at `start`. */
  async passage(
    text: string,
    start: number,
    whole: boolean,
    request: JudgedRequest,
    call: CompletionOptions,
  ): Promise<JudgedPassage> {
    const { judge, tasks, all, limits } = this.parts
    const view = createTextView(text)
    const input = inputFor(view, request, limits)
    const answer = await askJudge(judge, { input, tasks: tasksAt(request.stage, tasks), all }, call)
    const critique = await this.#critique(answer, call)
    return { start, end: start + text.length, whole, view, input, answer, critique }
  }

  summary(): JudgeSummary {
    return new JudgeSummary(this.parts.judge.format.name)
  }

  async #critique(answer: JudgeAnswer, call: CompletionOptions): Promise<CritiqueReading | null> {
    const { critique } = this.parts
    const now = critique === 'when-flagged' || (critique === 'lazy' && answer.reasonsCameAlong)
    if (!now || !isHarmful(answer)) return null
    // The label stands whatever becomes of its reasons.
    return answer.critique(call).catch(() => null)
  }
}

/** What was found harmful, as surely as the passage that nobody judged may be. */
function atWorst(answer: JudgeAnswer): JudgeAnswer {
  const scores = answer.scores.map((one) => (isHarm(one) ? { ...one, score: 1 } : one))
  const clauses = answer.clauses?.map((one) => (one.verdict === 'broken' ? { ...one, score: 1 } : one))
  return { ...answer, scores, ...(clauses === undefined ? {} : { clauses }) }
}

/** The passages that have something to be explained. */
export function harmfulOf(passages: readonly JudgedPassage[]): readonly JudgedPassage[] {
  return passages.filter(({ answer }) => isHarmful(answer))
}

/** Whether a task but a refusal is positive. */
function isHarmful({ scores }: JudgeAnswer): boolean {
  return scores.some(isHarm)
}

function isHarm({ task, score }: TaskScore): boolean {
  return task !== 'refusal' && score > 0.5
}

function tooLong(longest: number): ParapetError {
  return new ParapetError(
    'input_too_large',
    `The judge takes texts of at most ${longest} characters. Limit their length, or raise longest.`,
  )
}
