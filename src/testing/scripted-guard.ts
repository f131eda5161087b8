/**
 * A guard that follows a script: what each call answers, and how it misbehaves. It fails the test that asks it more often than
 * was written, and tells which calls were never made.
 */
import type { Clock, Finding, Guard, GuardReport, GuardRequest, Stage } from '../spec/index.ts'
import { STAGES } from '../spec/index.ts'

/** What one call does. */
export type GuardStep =
  /** Answers at once. */
  | { readonly findings: readonly Finding[]; readonly scores?: GuardReport['scores'] }
  /** Answers after this long on the clock of the guard, unless aborted before. */
  | { readonly delay: number; readonly findings: readonly Finding[] }
  /** Throws what is given, at once or from a promise. */
  | { readonly throws: unknown; readonly later?: boolean }
  /** Never answers until aborted, then rejects; with `deaf`, never at all. */
  | { readonly hang: true; readonly deaf?: boolean }
  /** Returns something that is not a report. */
  | { readonly garbage: unknown }

/** Settings of the guard. */
export interface ScriptedGuardOptions {
  readonly id?: string
  readonly stages?: readonly Stage[]
  /** One step a call; or one function for any number of calls. */
  readonly script: readonly GuardStep[] | ((request: GuardRequest, call: number) => GuardStep)
  /** Needed for `delay`. */
  readonly clock?: Clock
  readonly cacheable?: boolean
}

/** A guard for tests. */
export interface ScriptedGuard extends Guard {
  /** Requests so far, oldest first. */
  readonly calls: readonly GuardRequest[]
  /** How many of the calls were aborted while they were out. */
  readonly aborted: number
  /** Throws when steps of the script were not used or more calls were made than written. */
  verify(): void
}

/** Creates the guard. Without a step left it throws, and `verify` says so. */
export function createScriptedGuard(options: ScriptedGuardOptions): ScriptedGuard {
  const { id = 'scripted', stages = STAGES, script, clock, cacheable = false } = options
  const calls: GuardRequest[] = []
  let aborted = 0
  let unexpected = 0
  const stepFor = (request: GuardRequest, call: number): GuardStep => {
    if (typeof script === 'function') return script(request, call)
    const step = script[call]
    if (step !== undefined) return step
    unexpected += 1
    throw new Error(`Guard ${id} was asked ${call + 1} times; its script has ${script.length} steps.`)
  }
  return {
    specVersion: 'v1',
    id,
    version: 'scripted',
    stages,
    cacheable,
    get calls() {
      return calls
    },
    get aborted() {
      return aborted
    },
    check(request) {
      calls.push(request)
      return play(stepFor(request, calls.length - 1), request, clock, () => {
        aborted += 1
      })
    },
    verify() {
      if (unexpected > 0) throw new Error(`Guard ${id} was asked ${unexpected} times more than its script says.`)
      if (typeof script !== 'function' && calls.length < script.length) {
        throw new Error(`Guard ${id} was asked ${calls.length} times; its script has ${script.length} steps.`)
      }
    },
  }
}

function play(
  step: GuardStep,
  request: GuardRequest,
  clock: Clock | undefined,
  onAbort: () => void,
): GuardReport | Promise<GuardReport> {
  if ('garbage' in step) return step.garbage as GuardReport
  if ('throws' in step) {
    if (step.later === true) return Promise.reject(step.throws)
    throw step.throws
  }
  if ('hang' in step) return step.deaf === true ? new Promise(() => {}) : untilAborted(request.signal, onAbort)
  if (!('delay' in step))
    return step.scores === undefined ? { findings: step.findings } : { findings: step.findings, scores: step.scores }
  if (clock === undefined) throw new Error('A step with a delay needs the option `clock`.')
  const { delay, findings } = step
  const answer = new Promise<GuardReport>((resolve) => {
    clock.setTimeout(() => resolve({ findings }), delay)
  })
  return Promise.race([answer, untilAborted(request.signal, onAbort)])
}

function untilAborted(signal: AbortSignal, onAbort: () => void): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = (): void => {
      onAbort()
      reject(signal.reason as Error)
    }
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}
