/**
 * What the doors for other people's gateways share. A hook is asked whether a text may pass and answers in the asker's own shape;
 * it calls no model and sends nothing on.
 *
 * Each of these gateways does something else with an error, so each door chooses its statuses such that a guard's failure never
 * reads as a pass there. What cannot be said in the asker's shape, a modification say, becomes a stop.
 */
import type { JsonObject } from '../../contract/index.ts'
import type { Caller, CheckInput, CheckResult, Decision, MediaPart } from '../../spec/index.ts'
import { moreSevere, ParapetError } from '../../spec/index.ts'

export interface HookDeps {
  /** The pipeline's check. */
  check(
    input: CheckInput,
    options: { readonly signal?: AbortSignal; readonly door: string; readonly model?: string },
  ): Promise<CheckResult>
  /** From the API key and headers. */
  readonly caller: Caller
  readonly signal: AbortSignal
}

export interface HookAnswer {
  readonly status: number
  readonly body: JsonObject
  /** The decision told; the most severe when there were several, null when there was none. */
  readonly result: CheckResult | null
}

/** A door: reads a body, has it judged and answers. Throws `input_invalid` with the field. */
export type HookDoor = (body: JsonObject, deps: HookDeps) => Promise<HookAnswer>

/** @param reply one of the contract's types, which are all plain JSON */
export function toAnswer(status: number, reply: object, result: CheckResult | null): HookAnswer {
  return { status, body: reply as JsonObject, result }
}

/** One check on the way to an answer. */
export interface Inquiry {
  readonly deps: HookDeps
  readonly door: string
  readonly model?: string | undefined
  /** With what the asker knows of its own caller. */
  readonly caller: Caller
}

export function inquire(
  { deps, door, model, caller }: Inquiry,
  input: Omit<CheckInput, 'caller'>,
): Promise<CheckResult> {
  return deps.check({ ...input, caller }, { signal: deps.signal, door, ...(model === undefined ? {} : { model }) })
}

/** Longest name taken over; longer ones are nobody's id. */
const MAX_NAME = 256

/** The caller, with names that the asking gateway knows where neither API key nor header gave one. The first usable one counts. */
export function callerWith(
  caller: Caller,
  names: Readonly<Partial<Record<'application' | 'user' | 'conversation', readonly unknown[]>>>,
): Caller {
  const found = Object.entries(names).flatMap(([field, candidates]) => {
    const name = candidates.find((value) => typeof value === 'string' && value !== '' && value.length <= MAX_NAME)
    return typeof name === 'string' ? [[field, name]] : []
  })
  return { ...Object.fromEntries(found), ...caller }
}

/** The most severe of several decisions. */
export function mostSevere(results: readonly CheckResult[]): CheckResult | null {
  const worst = results.reduce<Decision>((sofar, { decision }) => moreSevere(sofar, decision), 'pass')
  return results.find(({ decision }) => decision === worst) ?? null
}

/** Why a text does not pass, in words for whoever sent it: the policy's own under `refuse`. Nothing of the text is in them. */
export function stopReason(result: CheckResult): string {
  const { decision, decisionId, text } = result
  if (decision === 'refuse' && text !== undefined) return text
  return `${REASONS[decision]} Ask the operator with the decision id ${decisionId}.`
}

const REASONS: Readonly<Record<Decision, string>> = {
  pass: 'The content passed.',
  flag: 'The content was flagged.',
  modify: 'The policy changes this content, which is not possible here.',
  refuse: 'The policy refused to answer.',
  hold: 'The content waits for a human.',
  block: 'The content was blocked by the policy.',
  error: 'A guard failed and the policy treats that as a stop.',
  timeout: 'A guard did not answer in time and the policy treats that as a stop.',
}

/** The error of a decision that is the absence of a judgement; null for every other decision. */
export function failureOf({ decision }: CheckResult): ParapetError | null {
  if (decision === 'error') return new ParapetError('guard_failed', REASONS.error)
  return decision === 'timeout' ? new ParapetError('guard_timeout', REASONS.timeout) : null
}

const IMAGE_DATA = /^data:([\w.+-]{1,64}\/[\w.+-]{1,64})[;,]/

/** An image by URL, data URL or bare base64. */
export function imagePart(source: string): MediaPart {
  return { type: 'media', mediaType: IMAGE_DATA.exec(source)?.[1] ?? 'image/*', source }
}
