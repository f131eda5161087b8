/**
 * One text of a streamed answer (the text, the reasoning or one tool call of one choice): what arrived, who judges it, how much
 * of it may leave, and in what words.
 *
 * Text leaves up to the offset that all guards have settled, with masks applied and pseudonyms put back. Guards are shown new
 * text in steps of a quarter of the window, so that the cost is linear however small the pieces are.
 */
import type { Field, Finding, Stage, StageDecision } from '../../spec/index.ts'
import { moreSevere, showsText } from '../../spec/index.ts'
import type { RuledFinding } from '../pipeline/decide.ts'
import { defaultReplacement, ruleFinding, stageDecision } from '../pipeline/decide.ts'
import type { TextOutcome } from '../pipeline/result.ts'
import { hashOnce } from '../pipeline/text-hash.ts'
import type { GrowingText } from '../text/index.ts'
import { createStreamBuffer } from '../text/index.ts'
import type { RunContext } from './context.ts'
import { MaskCursor } from './masks.ts'
import type { ContentPart } from './parts.ts'
import { textOf, withText } from './parts.ts'
import type { RestoringTail } from './restoring.ts'
import { isHighSurrogate } from './restoring.ts'
import { GuardSession } from './session.ts'
import { waitForAll } from './waiting.ts'

/** Shorter parts leave whole, with their vendor's object, rather than in two. */
const WHOLE_PART = 32
const SMALLEST_HOP = 16
/** Ruled findings listed at most. All are applied. */
const MOST_RULED = 10_000

interface QueuedPart {
  readonly part: ContentPart
  readonly start: number
  readonly end: number
}

/** What distinguishes one channel from another. */
export interface ChannelPlan {
  readonly stage: Stage
  readonly field: Field
  readonly tool?: string
  readonly aside?: 'reasoning' | 'file'
}

export class Channel {
  readonly #plan: ChannelPlan
  readonly #context: RunContext
  readonly #buffer: GrowingText = createStreamBuffer()
  readonly #sessions: readonly GuardSession[]
  readonly #masks = new MaskCursor()
  readonly #restoring: RestoringTail
  readonly #hop: number
  #queue: QueuedPart[] = []
  #head = 0
  /** Offset up to which original text has left. */
  #released = 0
  /** Offset up to which the guards have been shown the text. */
  #seen = 0
  #masksAdded = 0
  #late = false
  readonly #ruled: RuledFinding[] = []
  #unlisted = 0
  #worst: StageDecision = 'pass'

  constructor(plan: ChannelPlan, context: RunContext, restoring: RestoringTail) {
    this.#plan = plan
    this.#context = context
    this.#restoring = restoring
    this.#hop = Math.max(SMALLEST_HOP, Math.floor(context.policy.stream.window / 4))
    const { prompt, system, messages, caller, policy, judge } = context
    const request = {
      stage: plan.stage,
      field: plan.field,
      caller,
      signal: context.stop,
      ...(prompt === undefined ? {} : { prompt }),
      ...(system === undefined ? {} : { system }),
      ...(messages === undefined ? {} : { messages }),
      ...(plan.tool === undefined ? {} : { tool: plan.tool }),
      ...(plan.aside === undefined ? {} : { aside: plan.aside }),
    }
    this.#sessions = policy.rails[plan.stage]
      .filter((entry) => judge.parts.guards.get(entry.guard)?.stages.includes(plan.stage) ?? true)
      .map((entry) => new GuardSession(entry, request, context))
    this.#judgeFailures()
  }

  /** Set when the stream must not go on. */
  get stopped(): boolean {
    return !showsText(this.#worst)
  }

  /** Text the guards have not been shown. */
  get unseen(): number {
    return this.#buffer.end - this.#seen
  }

  /** Nothing has been written in it. */
  get empty(): boolean {
    return this.#buffer.end === 0
  }

  /** Enough text for a step. */
  get due(): boolean {
    return this.unseen >= this.#hop
  }

  /** Characters held in memory, for bounds in tests and benchmarks. */
  get retained(): number {
    return this.#buffer.end - this.#buffer.start + this.#restoring.waiting
  }

  push(part: ContentPart): void {
    const text = textOf(part)
    const start = this.#buffer.end
    this.#buffer.append(text)
    this.#queue.push({ part, start, end: start + text.length })
  }

  /** Shows the guards what arrived. A promise only when a guard answers later. */
  advance(): Promise<void> | undefined {
    this.#seen = this.#buffer.end
    const waits: { session: GuardSession; promise: Promise<void> }[] = []
    for (const session of this.#sessions) {
      if (session.busy !== null || session.closed) continue
      const findings = session.step(this.#buffer)
      const taken =
        findings instanceof Promise ? findings.then((list) => this.#take(session, list)) : this.#take(session, findings)
      if (taken === undefined) continue
      if (session.shadow) this.#detach(session, taken)
      else waits.push({ session, promise: taken })
    }
    if (waits.length === 0) {
      this.#judgeFailures()
      return undefined
    }
    return this.#settle(waits)
  }

  /** No more text will come. */
  end(): Promise<void> | undefined {
    if (!this.#buffer.ended) this.#buffer.finish()
    return this.advance()
  }

  /** Parts that may leave now. */
  release(): readonly ContentPart[] {
    const final = this.#buffer.ended
    const ready = this.#dequeue(this.#limit(), final)
    const { mode } = this.#context.policy.stream
    const keep = Math.min(
      ...this.#sessions.map((session) => session.keep),
      mode === 'after' ? this.#seen : this.#released,
    )
    this.#buffer.release(Math.min(keep, this.#seen))
    return this.#restoring.take(ready, final)
  }

  /** A guard in shadow has not finished. */
  get pendingShadows(): boolean {
    return this.#sessions.some((session) => session.shadow && !session.closed)
  }

  /** Waits for guards in shadow, which the answer did not wait for. */
  async settleShadows(): Promise<void> {
    await Promise.all(this.#sessions.map((session) => session.busy))
    if (!this.#buffer.ended) return
    await this.advance()
    await Promise.all(this.#sessions.map((session) => session.busy))
  }

  outcome(): TextOutcome {
    const entries = this.#sessions.map((session) => session.entry)
    const verdicts = this.#sessions.map((session) => session.verdict())
    const guards = new Set(entries.map(({ guard }) => guard))
    const ruled = [...guards].flatMap((guard) => this.#ruled.filter((item) => item.guard === guard))
    return {
      entries,
      verdicts,
      ruled,
      decision: stageDecision(ruled, verdicts, entries),
      shadowDecision: stageDecision(ruled, verdicts, entries, true),
      field: this.#plan.field,
    }
  }

  warnings(): readonly string[] {
    const warnings: string[] = []
    if (this.#late)
      warnings.push('A span was longer than the stream window: its beginning had left before it was found.')
    if (this.#unlisted > 0) warnings.push(`${this.#unlisted} further findings were applied but are not listed.`)
    return warnings
  }

  #limit(): number {
    if (this.#context.policy.stream.mode === 'after') return this.#buffer.end
    let limit = this.#seen
    for (const session of this.#sessions) limit = Math.min(limit, session.limit(this.#seen))
    const half = limit > this.#released && limit < this.#buffer.end && isHighSurrogate(this.#unit(limit - 1))
    return half ? limit - 1 : limit
  }

  #unit(offset: number): number {
    return this.#buffer.slice(offset, offset + 1).charCodeAt(0)
  }

  #dequeue(limit: number, final: boolean): readonly ContentPart[] {
    const ready: ContentPart[] = []
    for (;;) {
      const queued = this.#queue[this.#head]
      if (queued === undefined) break
      const { part, start, end } = queued
      if (end > limit && (this.#released >= limit || (end - start <= Math.min(WHOLE_PART, this.#hop) && !final))) break
      const to = Math.min(end, limit)
      const from = Math.max(start, this.#released)
      const text = textOf(part).slice(from - start, to - start)
      const shown = this.#masks.take(text, from, to, final && to === this.#buffer.end)
      if (shown !== '' || start === end) ready.push(withText(part, shown))
      this.#released = Math.max(this.#released, to)
      if (to < end) break
      this.#head += 1
    }
    if (this.#head > 64 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head)
      this.#head = 0
    }
    return ready
  }

  #take(session: GuardSession, findings: readonly Finding[]): Promise<void> | undefined {
    let waiting: Promise<void>[] | undefined
    for (const finding of findings) {
      const ruled = this.#rule(session, finding)
      if (ruled instanceof Promise) (waiting ??= []).push(ruled.then((item) => this.#apply(session, item)))
      else this.#apply(session, ruled)
    }
    return waiting === undefined ? undefined : Promise.all(waiting).then(() => undefined)
  }

  /** Exceptions look at the span only: the whole text, and so its hash, is not known yet unless it has ended and is still held. */
  #rule(session: GuardSession, finding: Finding): RuledFinding | Promise<RuledFinding> {
    const { policy, caller } = this.#context
    const start = Math.max(finding.span?.start ?? 0, this.#buffer.start)
    const end = Math.max(finding.span?.end ?? this.#buffer.end, start)
    const needsText = policy.exceptions.length > 0
    const text = this.#buffer.view(needsText ? start : this.#buffer.end, needsText ? end : this.#buffer.end)
    const whole = this.#buffer.ended && this.#buffer.start === 0 && needsText
    const textHash = whole ? hashOnce(this.#buffer.slice(0)) : (): Promise<string> => Promise.resolve('')
    const placed =
      needsText && finding.span !== undefined ? { ...finding, span: { start: 0, end: end - start } } : finding
    const ruled = ruleFinding(session.entry, placed, { policy, caller, text, textHash })
    if (ruled instanceof Promise) return ruled.then((item) => ({ ...item, finding }))
    return { ...ruled, finding }
  }

  #apply(session: GuardSession, item: RuledFinding): void {
    const shown = item.action === 'pass' || item.action === 'flag'
    const raises = !item.shadow && moreSevere(this.#worst, item.action) !== this.#worst
    if (this.#ruled.length < MOST_RULED || raises) this.#ruled.push(item)
    else this.#unlisted += 1
    if (item.shadow) return
    this.#worst = moreSevere(this.#worst, item.action)
    if (shown) return
    const { span } = item.finding
    if (this.#context.policy.stream.mode === 'after') return
    if ((span?.start ?? 0) < this.#released) this.#late = true
    if (item.action !== 'modify') return
    this.#masks.add({
      start: span?.start ?? 0,
      end: span?.end ?? Infinity,
      text: item.finding.replacement ?? defaultReplacement(item.finding),
      order: this.#sessions.indexOf(session) * 1e9 + this.#masksAdded,
    })
    this.#masksAdded += 1
  }

  async #settle(waits: readonly { session: GuardSession; promise: Promise<void> }[]): Promise<void> {
    await waitForAll(
      waits.map(({ session, promise }) => ({ promise, deadline: session.deadline, expire: () => session.expire() })),
      { clock: this.#context.judge.parts.clock, signal: this.#context.stop, enough: () => this.#judgeFailures() },
    )
    this.#judgeFailures()
  }

  #detach(session: GuardSession, promise: Promise<void>): void {
    const { clock } = this.#context.judge.parts
    const wait = { promise, deadline: session.deadline, expire: () => session.expire() }
    session.busy = waitForAll([wait], { clock, signal: this.#context.stop, enough: () => false }).then(() => {
      session.busy = null
    })
  }

  /** Takes failed guards into account; true when the stream must not go on. */
  #judgeFailures(): boolean {
    const failures = this.#sessions.flatMap((session) => session.failure ?? [])
    if (failures.length > 0) {
      const entries = this.#sessions.map((session) => session.entry)
      this.#worst = moreSevere(this.#worst, stageDecision([], failures, entries))
    }
    return this.stopped
  }
}
