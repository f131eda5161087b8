/**
 * One guard over one growing text: calls it, times it, checks its answers and turns its failures into verdicts.
 *
 * It rules on nothing and releases nothing: what findings and failures mean for the stream is the channel's business. A guard
 * without `open` is asked once, with the whole text, when it has ended.
 */
import type {
  AskCritiques,
  ErrorVerdict,
  Finding,
  Guard,
  GuardReport,
  GuardStream,
  StreamRequest,
  StreamStep,
  TimeoutVerdict,
  Verdict,
} from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import type { ResolvedRailEntry } from '../policy/types.ts'
import { askCritiques } from '../pipeline/critiques.ts'
import { reportProblem } from '../pipeline/validate-report.ts'
import type { GrowingText } from '../text/index.ts'
import { createTextView } from '../text/index.ts'
import type { RunContext } from './context.ts'
import { stepProblem } from './validate-step.ts'

/** Text kept at most for a guard that wants the whole of it, characters. */
const LONGEST_WHOLE = 16_000_000
/** How far a guard may lag beyond four windows before it counts as failed; also what it may re-read. */
const SLACK = 16_384
/** Characters that wait at most for a guard whose spans are longer than the window. */
const LONGEST_HOLD = 4096
/** Findings listed in the report at most. All are applied. */
const MOST_FINDINGS = 10_000

const NOTHING: readonly Finding[] = []

export class GuardSession {
  readonly entry: ResolvedRailEntry
  readonly shadow: boolean
  /** Set while an asynchronous guard is thinking. */
  busy: Promise<void> | null = null
  readonly #guard: Guard | undefined
  readonly #request: StreamRequest
  readonly #context: RunContext
  #stream: GuardStream | null = null
  #settled = 0
  #keep = 0
  #ms = 0
  #startedAt: number | null = null
  #endedAt = 0
  #failure: ErrorVerdict | TimeoutVerdict | null = null
  #finished = false
  #findings: Finding[] = []
  #report: Omit<GuardReport, 'findings'> = {}
  /** As the guard gave it, by which it knows its reasons. */
  #whole: GuardReport | null = null

  constructor(entry: ResolvedRailEntry, request: StreamRequest, context: RunContext) {
    this.entry = entry
    this.shadow = entry.shadow || context.policy.shadow
    this.#request = request
    this.#context = context
    this.#guard = context.judge.parts.guards.get(entry.guard)
    if (this.#guard === undefined) {
      this.fail('guard_unknown', `There is no guard named ${entry.guard}.`)
      return
    }
    if (this.#guard.open === undefined) return
    try {
      this.#stream = this.#guard.open(request)
      if (typeof this.#stream?.advance !== 'function') this.fail('guard_failed', 'The guard opened no session.')
    } catch (cause) {
      this.#failFrom(cause)
    }
  }

  get failure(): ErrorVerdict | TimeoutVerdict | null {
    return this.#failure
  }

  /** It will say nothing more. */
  get closed(): boolean {
    return this.#finished || this.#failure !== null
  }

  get deadline(): number {
    return Math.min(this.entry.deadline, this.#context.policy.deadlines.stage)
  }

  /** Offset before which text may leave as far as this guard goes, given that it was shown everything before `seen`. */
  limit(seen: number): number {
    if (this.shadow || this.closed) return Infinity
    if (this.#stream === null) return 0
    return this.#isWide() ? Math.max(this.#settled, seen - this.#longestHold()) : this.#settled
  }

  /** Offset from which the text must still be there. */
  get keep(): number {
    return this.closed ? Infinity : this.#keep
  }

  /** Shows the session the text that arrived. Never throws or rejects. */
  step(buffer: GrowingText): readonly Finding[] | Promise<readonly Finding[]> {
    if (this.closed) return NOTHING
    if (this.#stream === null) return buffer.ended ? this.#checkWhole(buffer) : this.#wait(buffer)
    const stream = this.#stream
    return this.#timed(
      () => stream.advance(buffer),
      (step, end) => this.#accept(step, end, buffer.ended),
      buffer,
    )
  }

  /** The guard did not answer in time. */
  expire(): void {
    if (this.closed) return
    this.#endedAt = this.#context.judge.parts.clock.now()
    this.#failure = { ...this.#base(), status: 'timeout', deadline: this.deadline }
  }

  fail(code: string, message: string): void {
    if (this.closed) return
    this.#failure = { ...this.#base(), status: 'error', code, message }
  }

  verdict(): Verdict {
    if (this.#failure !== null) return this.#failure
    // What is spread stands last: what is added behind it costs a microsecond each, for every guard of every answer.
    if (!this.#finished && this.#findings.length === 0) return { status: 'cancelled', ...this.#base() }
    const report = { findings: NOTHING, ...this.#report }
    report.findings = this.#findings
    const critiques = this.#critiques()
    if (critiques === null) return { status: 'judged', cached: false, report, ...this.#base() }
    return { status: 'judged', cached: false, report, critiques, ...this.#base() }
  }

  /** The question for its reasons; null where it has none. */
  #critiques(): readonly AskCritiques[] | null {
    if (this.#whole !== null) return askCritiques(this.#guard, this.#whole)
    const stream = this.#stream
    if (stream?.critiques === undefined || this.#findings.length === 0) return null
    return [async (options) => (await stream.critiques?.(options)) ?? []]
  }

  /**
   * How many characters may wait for it. A guard that says how long its spans are gets that much even beyond the window: it may
   * need as many characters to make sure of a much shorter span, and letting go earlier would show that one too.
   */
  #longestHold(): number {
    return Math.max(this.#context.policy.stream.window, Math.min(this.#guard?.maxSpan ?? 0, LONGEST_HOLD))
  }

  /** Its spans may be longer than the window. */
  #isWide(): boolean {
    return !((this.#guard?.maxSpan ?? Infinity) <= this.#context.policy.stream.window)
  }

  #wait(buffer: GrowingText): readonly Finding[] {
    if (buffer.end > LONGEST_WHOLE) {
      this.fail(
        'guard_failed',
        `The guard judges whole texts only and this one is longer than ${LONGEST_WHOLE} characters.`,
      )
    }
    return NOTHING
  }

  #checkWhole(buffer: GrowingText): readonly Finding[] | Promise<readonly Finding[]> {
    const text = createTextView(buffer.slice(0))
    return this.#timed(
      () => this.#guard?.check({ ...this.#request, text }),
      (report) => {
        const problem = reportProblem(report, text.original.length)
        if (problem !== null) return this.#rubbish('report', problem)
        const { findings, ...rest } = report as GuardReport
        this.#whole = report as GuardReport
        this.#report = rest
        this.#finished = true
        return this.#record(findings)
      },
      buffer,
    )
  }

  #timed(
    call: () => unknown,
    accept: (value: unknown, end: number) => readonly Finding[],
    buffer: GrowingText,
  ): readonly Finding[] | Promise<readonly Finding[]> {
    const { clock } = this.#context.judge.parts
    const started = clock.now()
    this.#startedAt ??= started
    const end = buffer.end
    const settle = (value: unknown): readonly Finding[] => {
      this.#took(started, clock.now())
      return this.closed ? NOTHING : accept(value, end)
    }
    const failed = (cause: unknown): readonly Finding[] => {
      this.#took(started, clock.now())
      this.#failFrom(cause)
      return NOTHING
    }
    try {
      const value = call()
      return value instanceof Promise ? value.then(settle).catch(failed) : settle(value)
    } catch (cause) {
      return failed(cause)
    }
  }

  #took(started: number, ended: number): void {
    this.#ms += ended - started
    this.#endedAt = ended
  }

  #accept(value: unknown, end: number, ended: boolean): readonly Finding[] {
    const problem = stepProblem(value, this.#settled, end)
    if (problem !== null) return this.#rubbish('step', problem)
    const step = value as StreamStep
    this.#settled = step.settled
    this.#keep = Math.max(this.#keep, Math.min(step.keep, step.settled))
    if (step.report !== undefined) this.#report = { ...this.#report, ...step.report }
    if (ended) this.#finished = true
    const findings = this.#record(step.findings)
    if (!ended) this.#bound(end)
    return findings
  }

  /** What a session may hold back and re-read is bounded, whatever it says: a stream without end must not fill the memory. */
  #bound(end: number): void {
    const { window } = this.#context.policy.stream
    if (!this.#isWide() && end - this.#settled > 4 * window + SLACK) {
      this.fail('guard_failed', 'The guard settles less text than its `maxSpan` promises.')
    }
    const span = Math.min(this.#guard?.maxSpan ?? 0, 4 * SLACK)
    this.#keep = Math.max(this.#keep, end - 4 * Math.max(window, span) - SLACK)
  }

  #record(findings: readonly Finding[]): readonly Finding[] {
    for (const finding of findings) {
      if (this.#findings.length >= MOST_FINDINGS) break
      this.#findings.push(finding)
    }
    return findings
  }

  #rubbish(what: string, problem: string): readonly Finding[] {
    this.fail('guard_failed', `The guard's answer is not a ${what}: ${problem}.`)
    return NOTHING
  }

  #failFrom(cause: unknown): void {
    const known = ParapetError.isInstance(cause)
    const message = known ? cause.message : `The guard threw ${cause instanceof Error ? cause.name : 'a non-error'}.`
    this.fail(known ? cause.code : 'guard_failed', message)
  }

  #base(): Omit<TimeoutVerdict, 'status' | 'deadline'> {
    const { guard } = this.entry
    const { stage } = this.#request
    const [ms, shadow, startedAt] = [this.#ms, this.shadow, this.#startedAt]
    if (startedAt === null) return { guard, stage, ms, shadow }
    return { guard, stage, ms, shadow, startedAt, endedAt: Math.max(this.#endedAt, startedAt) }
  }
}
