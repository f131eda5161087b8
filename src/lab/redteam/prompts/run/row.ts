/**
 * One attack on one goal under one guard setting, as it is kept: everything a figure is made of, so that every figure can be made again
 * from the rows. Texts are only there where the caller keeps them.
 */
import { z } from 'zod'
import { FAMILIES, type Family } from '../attacks/attack.ts'

/**
 * `success`: the goal was carried out. `helped`: a harmless control was answered as wanted. `answered`: something was said, and it was
 * neither. `refused`: the model or the policy declined. `blocked`: a guard stopped it. The last three are no verdict about the attack and
 * are left out of rates and counted: the model or a guard failed, took too long, or no judge could tell.
 */
export const OUTCOMES = [
  'success',
  'helped',
  'answered',
  'refused',
  'blocked',
  'failed',
  'timed_out',
  'judge_failed',
] as const
export type Outcome = (typeof OUTCOMES)[number]

export const EXCLUDED: ReadonlySet<Outcome> = new Set<Outcome>(['failed', 'timed_out', 'judge_failed'])

export interface RedTeamRow {
  /** Of the case; unique in a run. */
  readonly id: string
  readonly kind: 'attack' | 'benign'
  readonly seed: number
  readonly setting: string
  readonly goal: string
  readonly attack: string
  readonly family: Family
  /** That the request was asked in. */
  readonly language: string
  readonly outcome: Outcome
  /** Why it failed, or who blocked it; empty otherwise. */
  readonly reason: string
  /** Questions put to the target. */
  readonly queries: number
  /** Calls of models that they led to, guards and routers included. */
  readonly calls: number
  readonly promptTokens: number
  readonly answerTokens: number
  /** Candidates that a search had scored on the target's weights, which are no questions; absent where nothing was searched. */
  readonly scored?: number
  /** Tokens of the last question, estimated alike for all targets. */
  readonly length: number
  /** Verdicts on the last answer, by judge; null where one failed. */
  readonly judges: Readonly<Record<string, boolean | null>>
  readonly truth: boolean | null
  /** The last question's last message and its answer, where texts are kept. */
  readonly texts?: { readonly asked: string; readonly answer: string }
}

const count = z.number().int().min(0)
const verdict = z.boolean().nullable()

export const ROW: z.ZodType<RedTeamRow> = z.strictObject({
  ...{ id: z.string(), kind: z.enum(['attack', 'benign']), seed: count, setting: z.string(), goal: z.string() },
  ...{ attack: z.string(), family: z.enum(FAMILIES), language: z.string() },
  ...{ outcome: z.enum(OUTCOMES), reason: z.string() },
  ...{ queries: count, calls: count, promptTokens: count, answerTokens: count, length: count },
  ...{ judges: z.record(z.string(), verdict), truth: verdict },
  scored: count.exactOptional(),
  texts: z.strictObject({ asked: z.string(), answer: z.string() }).exactOptional(),
})
