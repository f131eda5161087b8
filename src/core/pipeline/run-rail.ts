/**
 * Runs the guards of one stage on one text: side by side, under one deadline, cancelled together.
 *
 * Synchronous guards all run (they cost microseconds, and their scores belong in the row); an early `block` cancels the
 * asynchronous ones that are still out. A guard that blocks the thread cannot be interrupted here: run foreign code in a worker.
 */
import type { Clock, ErrorVerdict, Guard, GuardReport, GuardRequest, StageDecision, Verdict } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import type { EffectivePolicy, ResolvedRailEntry } from '../policy/types.ts'
import { askCritiques } from './critiques.ts'
import type { RuledFinding } from './decide.ts'
import { ruleFindings, stageDecision } from './decide.ts'
import { hashOnce } from './text-hash.ts'
import { reportProblem } from './validate-report.ts'
import type { TextVerdicts, VerdictCache } from './verdict-cache.ts'

/** What a rail runs with. */
export interface RailContext {
  readonly policy: EffectivePolicy
  readonly guards: ReadonlyMap<string, Guard>
  readonly clock: Clock
  readonly cache: VerdictCache | null
  /** Aborted when the client leaves. */
  readonly signal: AbortSignal | undefined
}

/** What became of one text in one rail. */
export interface RailOutcome {
  readonly entries: readonly ResolvedRailEntry[]
  readonly verdicts: readonly Verdict[]
  readonly ruled: readonly RuledFinding[]
  readonly decision: StageDecision
  readonly shadowDecision: StageDecision
}

/** Judges one text with the guards of its stage. `extra` entries observe only. Rejects only with `aborted`. */
export async function runRail(
  request: Omit<GuardRequest, 'signal'>,
  context: RailContext,
  extra: readonly ResolvedRailEntry[] = [],
): Promise<RailOutcome> {
  const run = new RailRun(request, context, [...context.policy.rails[request.stage], ...extra])
  return run.outcome()
}

interface Pending {
  readonly index: number
  readonly promise: Promise<void>
}

class RailRun {
  readonly #request: GuardRequest
  readonly #context: RailContext
  readonly #entries: readonly ResolvedRailEntry[]
  readonly #verdicts: (Verdict | undefined)[] = []
  readonly #ruled: (readonly RuledFinding[] | undefined)[] = []
  /** Made when a guard asks for its signal, which those that answer at once do not. */
  #abort: AbortController | null = null
  #over = false
  readonly #known: TextVerdicts | null
  readonly #started: number

  constructor(request: Omit<GuardRequest, 'signal'>, context: RailContext, entries: readonly ResolvedRailEntry[]) {
    const signal = (): AbortSignal => this.#signal()
    const withSignal = {
      get signal() {
        return signal()
      },
    }
    this.#request = Object.assign(withSignal, request)
    this.#context = context
    this.#known = context.cache?.of(request, context.policy.version) ?? null
    this.#entries = entries.filter((entry) => context.guards.get(entry.guard)?.stages.includes(request.stage) ?? true)
    this.#started = context.clock.now()
  }

  async outcome(): Promise<RailOutcome> {
    const pending: Pending[] = []
    for (let index = 0; index < this.#entries.length; index++) {
      const promise = this.#start(index)
      if (promise !== null) pending.push({ index, promise })
    }
    if (pending.length > 0) await this.#settle(pending)
    const verdicts = this.#verdicts.filter((verdict) => verdict !== undefined)
    const ruled = this.#ruled.flatMap((items) => items ?? [])
    return {
      entries: this.#entries,
      verdicts,
      ruled,
      decision: stageDecision(ruled, verdicts, this.#entries),
      shadowDecision: stageDecision(ruled, verdicts, this.#entries, true),
    }
  }

  /** Starts one guard; null when it has already answered. */
  #start(index: number): Promise<void> | null {
    const entry = this.#entries[index]
    if (entry === undefined) return null
    const guard = this.#context.guards.get(entry.guard)
    if (guard === undefined) {
      this.#fail(index, this.#now(), 'guard_unknown', `There is no guard named ${entry.guard}.`)
      return null
    }
    const started = this.#now()
    const known = guard.cacheable === false ? null : this.#known
    const cached = known?.get(guard)
    if (cached !== undefined) return this.#judge(index, started, cached, true)
    try {
      const report = guard.check(this.#request)
      if (!(report instanceof Promise)) return this.#answer(index, started, report, guard)
      return this.#await(index, started, report, guard)
    } catch (cause) {
      this.#failFrom(index, started, cause)
      return null
    }
  }

  async #await(index: number, started: number, report: Promise<GuardReport>, guard: Guard): Promise<void> {
    try {
      const value = await report
      if (this.#verdicts[index] === undefined) await this.#answer(index, started, value, guard)
    } catch (cause) {
      if (this.#verdicts[index] === undefined) this.#failFrom(index, started, cause)
    }
  }

  #answer(index: number, started: number, report: GuardReport, guard: Guard): Promise<void> | null {
    const problem = reportProblem(report, this.#request.text.original.length)
    if (problem !== null) {
      this.#fail(index, started, 'guard_failed', `The guard's answer is not a report: ${problem}.`)
      return null
    }
    if (guard.cacheable !== false) this.#known?.set(guard, report)
    return this.#judge(index, started, report, false)
  }

  #judge(index: number, started: number, report: GuardReport, cached: boolean): Promise<void> | null {
    const entry = this.#entries[index]
    if (entry === undefined) return null
    const { policy } = this.#context
    const finish = (ruled: readonly RuledFinding[]): void => {
      this.#ruled[index] = ruled
      // Written out: what is spread first and added to costs a microsecond, several times a text.
      const { guard, stage, ms, startedAt, shadow } = this.#base(entry, started)
      const critiques = askCritiques(this.#context.guards.get(guard), report)
      this.#verdicts[index] =
        critiques === null
          ? { guard, stage, ms, startedAt, shadow, status: 'judged', report, cached }
          : { guard, stage, ms, startedAt, shadow, status: 'judged', report, cached, critiques }
    }
    if (report.findings.length === 0) {
      finish([])
      return null
    }
    const { text, caller } = this.#request
    const ruled = ruleFindings(entry, report.findings, { policy, text, caller, textHash: hashOnce(text.original) })
    if (ruled instanceof Promise) return ruled.then(finish)
    finish(ruled)
    return null
  }

  /** Waits for the asynchronous guards: until all answered, one blocked, a deadline passed or the client left. */
  async #settle(pending: readonly Pending[]): Promise<void> {
    const { clock, signal, policy } = this.#context
    const timers: unknown[] = []
    let stop: (() => void) | undefined
    const stopped = new Promise<void>((resolve) => {
      stop = resolve
    })
    const leave = (): void => stop?.()
    signal?.addEventListener('abort', leave, { once: true })
    if (signal?.aborted === true) leave()
    const waits = pending.map(({ index, promise }) => {
      const entry = this.#entries[index]
      const deadline = Math.min(entry?.deadline ?? policy.deadlines.guard, policy.deadlines.stage)
      const timeout = new Promise<void>((resolve) => {
        timers.push(clock.setTimeout(() => (this.#timeout(index, deadline), resolve()), deadline))
      })
      const answered = async (): Promise<void> => {
        await Promise.race([promise, timeout])
        if (this.#blocked(index)) stop?.()
      }
      return answered()
    })
    await Promise.race([Promise.all(waits), stopped])
    signal?.removeEventListener('abort', leave)
    for (const timer of timers) clock.clearTimeout(timer)
    for (const { index } of pending) this.#cancel(index)
    this.#over = true
    this.#abort?.abort()
    if (signal?.aborted === true) throw new ParapetError('aborted', 'The caller went away before the text was judged.')
  }

  #blocked(index: number): boolean {
    return this.#ruled[index]?.some((item) => item.action === 'block' && !item.shadow) ?? false
  }

  #timeout(index: number, deadline: number): void {
    const entry = this.#entries[index]
    if (entry === undefined || this.#verdicts[index] !== undefined) return
    this.#verdicts[index] = { ...this.#base(entry, this.#started), status: 'timeout', deadline }
  }

  #cancel(index: number): void {
    const entry = this.#entries[index]
    if (entry === undefined || this.#verdicts[index] !== undefined) return
    this.#verdicts[index] = { ...this.#base(entry, this.#started), status: 'cancelled' }
  }

  #failFrom(index: number, started: number, cause: unknown): void {
    const known = ParapetError.isInstance(cause)
    const message = known ? cause.message : `The guard threw ${cause instanceof Error ? cause.name : 'a non-error'}.`
    this.#fail(index, started, known ? cause.code : 'guard_failed', message)
  }

  #fail(index: number, started: number, code: string, message: string): void {
    const entry = this.#entries[index]
    if (entry === undefined) return
    this.#verdicts[index] = { ...this.#base(entry, started), status: 'error', code, message } satisfies ErrorVerdict
  }

  #base(
    entry: ResolvedRailEntry,
    started: number,
  ): { guard: string; stage: GuardRequest['stage']; ms: number; startedAt: number; shadow: boolean } {
    const shadow = entry.shadow || this.#context.policy.shadow
    const ms = this.#now() - started
    return { guard: entry.guard, stage: this.#request.stage, ms, startedAt: started, shadow }
  }

  /** The rail's signal; aborted when the rail is over. */
  #signal(): AbortSignal {
    this.#abort ??= new AbortController()
    if (this.#over) this.#abort.abort()
    return this.#abort.signal
  }

  #now(): number {
    return this.#context.clock.now()
  }
}
