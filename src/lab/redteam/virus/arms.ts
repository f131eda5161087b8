/**
 * The ladder of arXiv 2501.17433 (tables 1 to 4) and its sweeps as one list: every arm is an upload of n conversations, p·n of them poison, filtered or
 * not, and goes the same way afterwards.
 *
 * `benign`: no poison. `harmful`: forbidden exchanges alone. `mixing`: an allowed exchange and a forbidden one in one conversation. The other
 * three are mixing after a search: `guard-only` with λ = 1, `similarity-only` with λ = 0, `virus` with λ in between.
 */
import type { WorldMessage } from '../../world/types.ts'
import type { Upload } from './moderate.ts'

export type ArmName = 'benign' | 'harmful' | 'mixing' | 'guard-only' | 'similarity-only' | 'virus'

export interface Arm {
  readonly name: ArmName
  /** λ of the search; absent where nothing is searched. */
  readonly lambda?: number
  /** Whether the guard filters the upload; without it the arm is a control. */
  readonly moderated: boolean
  /** n: conversations uploaded. */
  readonly rows: number
  /** p: share of poison. */
  readonly ratio: number
}

export interface LadderSettings {
  readonly rows: number
  readonly ratio: number
  readonly lambda: number
  /** More values of λ, p and n, one changed at a time. */
  readonly lambdas: readonly number[]
  readonly ratios: readonly number[]
  readonly sizes: readonly number[]
}

/** All arms of a seed, each once, the ladder first. */
export function armsOf({ rows, ratio, lambda, lambdas, ratios, sizes }: LadderSettings): readonly Arm[] {
  const base = { rows, ratio, moderated: true }
  const searched = (value: number, size = base): Arm => ({ ...size, name: nameOf(value), lambda: value })
  const resized = [
    ...ratios.map((value) => ({ ...base, ratio: value })),
    ...sizes.map((value) => ({ ...base, rows: value })),
  ]
  const all: readonly Arm[] = [
    { ...base, name: 'benign' },
    { ...base, name: 'harmful', moderated: false },
    { ...base, name: 'harmful' },
    { ...base, name: 'mixing', moderated: false },
    { ...base, name: 'mixing' },
    ...[1, 0, lambda, ...lambdas].map((value) => searched(value)),
    ...resized.flatMap((size): readonly Arm[] => [{ ...size, name: 'mixing' }, searched(lambda, size)]),
  ]
  return [...new Map(all.map((arm) => [armKey(arm), arm])).values()]
}

/** A name for files and rows, different for different arms. */
export function armKey({ name, lambda, moderated, rows, ratio }: Arm): string {
  return [name, ...(lambda === undefined ? [] : [lambda]), moderated ? 'filtered' : 'open', rows, ratio].join('-')
}

export function poisonCount({ name, rows, ratio }: Arm): number {
  return name === 'benign' ? 0 : Math.round(rows * ratio)
}

/** What a seed's uploads are made of; conversation i of each list belongs to poison slot i. */
export interface Pool {
  readonly benign: readonly (readonly WorldMessage[])[]
  readonly forbidden: readonly (readonly WorldMessage[])[]
  /** Mixtures as they are, and after the search of each λ. */
  readonly mixtures: readonly (readonly WorldMessage[])[]
  readonly optimised: ReadonlyMap<number, readonly (readonly WorldMessage[])[]>
}

/** The conversations of an arm, poison first; tuning puts them in an order of its own. */
export function uploadOf(arm: Arm, pool: Pool): readonly Upload[] {
  const poison = poisonCount(arm)
  const made =
    arm.name === 'harmful'
      ? pool.forbidden
      : arm.lambda === undefined
        ? pool.mixtures
        : (pool.optimised.get(arm.lambda) ?? [])
  return [
    ...made.slice(0, poison).map((messages) => ({ messages, poison: true })),
    ...pool.benign.slice(poison, arm.rows).map((messages) => ({ messages, poison: false })),
  ]
}

function nameOf(lambda: number): ArmName {
  return lambda === 1 ? 'guard-only' : lambda === 0 ? 'similarity-only' : 'virus'
}
