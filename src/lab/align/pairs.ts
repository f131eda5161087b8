/**
 * Preference data of conversation bots: pairs of a better and a worse turn, and single turns labelled good or bad. One can be made
 * from the other. Making them from conversations is `build-pairs.ts`; files are `preference-file.ts`.
 */
import { ParapetError } from '../../spec/errors.ts'
import type { Message } from '../../spec/index.ts'
import { createRandom } from '../../nn/random.ts'

/** Two answers to one conversation. */
export interface PreferencePair {
  /** System text, history and the user's turn. */
  readonly prompt: readonly Message[]
  readonly chosen: string
  readonly rejected: string
  /** Importance, at least 0; 1 if absent. */
  readonly weight?: number
}

/** One answer and whether it keeps the guideline. */
export interface LabelledTurn {
  readonly prompt: readonly Message[]
  readonly response: string
  readonly desirable: boolean
  /** Importance, at least 0; 1 if absent. */
  readonly weight?: number
}

/** The same for all equal prompts. */
export function promptKey(prompt: readonly Message[]): string {
  return JSON.stringify(
    prompt.map(({ role, content, toolCalls, toolCallId }) => [role, content, toolCalls ?? null, toolCallId ?? null]),
  )
}

/** Each pair gives two turns, the chosen one first, both with its weight. */
export function turnsOfPairs(pairs: readonly PreferencePair[]): readonly LabelledTurn[] {
  return pairs.flatMap(({ prompt, chosen, rejected, ...rest }) => [
    { prompt, response: chosen, desirable: true, ...rest },
    { prompt, response: rejected, desirable: false, ...rest },
  ])
}

export interface PairingOptions {
  /** Pairs a prompt at most, drawn by the seed; every good with every bad answer if Infinity. 1 if absent. */
  readonly pairsPerPrompt?: number
  /** 0 if absent. */
  readonly seed?: number
}

/**
 * Pairs from the prompts that have both a good and a bad answer; other turns make none. An answer labelled both ways pairs not with
 * itself. The weight of a pair is the product of its turns' weights.
 */
export function pairsOfTurns(
  turns: readonly LabelledTurn[],
  { pairsPerPrompt = 1, seed = 0 }: PairingOptions = {},
): readonly PreferencePair[] {
  if (!(pairsPerPrompt >= 1))
    throw new ParapetError('configuration', `pairsPerPrompt must be at least 1, not ${pairsPerPrompt}.`)
  const random = createRandom(seed)
  return turnsByPrompt(turns).flatMap((same) => {
    const all = same.flatMap((good) =>
      same.flatMap((bad) =>
        good.desirable && !bad.desirable && good.response !== bad.response ? [pairOf(good, bad)] : [],
      ),
    )
    return pairsPerPrompt >= all.length ? all : shuffled(all, random).slice(0, pairsPerPrompt)
  })
}

/**
 * The control that has to fail: the same turns, their labels dealt out again by a seed, so that the share of good ones stays. What a
 * loss gains on these it did not learn from the labels.
 */
export function shuffledLabels(turns: readonly LabelledTurn[], seed: number): readonly LabelledTurn[] {
  const labels = shuffled(
    turns.map(({ desirable }) => desirable),
    createRandom(seed),
  )
  return turns.map((turn, index) => ({ ...turn, desirable: labels[index] ?? turn.desirable }))
}

/** The control for pairs: half of them, drawn by the seed, are turned round. */
export function shuffledPairs(pairs: readonly PreferencePair[], seed: number): readonly PreferencePair[] {
  const turned = new Set(shuffled([...pairs.keys()], createRandom(seed)).slice(0, Math.floor(pairs.length / 2)))
  return pairs.map((pair, index) =>
    turned.has(index) ? { ...pair, chosen: pair.rejected, rejected: pair.chosen } : pair,
  )
}

/**
 * KTO's weights for unequal numbers of good and bad turns: `w_d n_d / (w_u n_u) = ratio`, the smaller weight 1. The KTO authors
 * advise a ratio from 1 to 4/3 (Ethayarajh et al. 2024, §4). Throws `input_invalid` where one kind is missing.
 */
export function imbalanceWeights(
  turns: readonly LabelledTurn[],
  ratio: number = 1,
): { readonly desirableWeight: number; readonly undesirableWeight: number } {
  if (!(ratio >= 1 && ratio <= 4 / 3))
    throw new ParapetError('configuration', `The ratio of good to bad weight must lie from 1 to 4/3, not ${ratio}.`)
  const total = (wanted: boolean): number =>
    turns.reduce((sum, { desirable, weight = 1 }) => (desirable === wanted ? sum + weight : sum), 0)
  const good = total(true)
  const bad = total(false)
  if (good === 0 || bad === 0)
    throw new ParapetError('input_invalid', 'All turns have the same label. KTO needs good and bad ones.')
  const quotient = (ratio * bad) / good
  return quotient >= 1
    ? { desirableWeight: quotient, undesirableWeight: 1 }
    : { desirableWeight: 1, undesirableWeight: 1 / quotient }
}

/** Turns with equal prompts together, in the order of their first. */
export function turnsByPrompt(turns: readonly LabelledTurn[]): readonly (readonly LabelledTurn[])[] {
  const groups = new Map<string, LabelledTurn[]>()
  for (const turn of turns) {
    const key = promptKey(turn.prompt)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [turn])
    else group.push(turn)
  }
  return [...groups.values()]
}

function pairOf(good: LabelledTurn, bad: LabelledTurn): PreferencePair {
  const weight = (good.weight ?? 1) * (bad.weight ?? 1)
  const pair = { prompt: good.prompt, chosen: good.response, rejected: bad.response }
  return weight === 1 ? pair : { ...pair, weight }
}

/** Another order of the same values (Fisher-Yates). */
export function shuffled<Value>(values: readonly Value[], random: () => number): readonly Value[] {
  const order = [...values]
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1))
    const moved = order[last] as Value
    order[last] = order[other] as Value
    order[other] = moved
  }
  return order
}
