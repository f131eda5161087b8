/**
 * What the exchanges of a conversation come to together. Two sums that length cannot dilute: a cumulative sum of log-likelihood ratios
 * (CUSUM, Page 1954), which rises over a run of harmful turns wherever it begins, and the number of harmful exchanges against what
 * benign conversations have, which finds those strewn among others. An average over the window falls with every benign turn added.
 *
 * The walk is from the oldest exchange to the newest and depends on nothing else: the same conversation gives the same evidence.
 */
import type { Exchange } from './exchanges.ts'
import type { ExchangeReading } from './turn-reader.ts'
import { likeness } from './turn-reader.ts'

/** Log-likelihood ratio of an exchange: the logit of its harm and this; 0 stands at a harm of 0.15. */
const OFFSET = 1.7
/** Bounds of one exchange's say. */
const LEAST = -1.5
const MOST = 2.5
/** The cumulative sum rises no further, so that a few benign turns after an alarm end it. */
const CAP = 6
/** An alarm begins above the first and ends below the second. */
const ALARM = 2.6
const CLEAR = 1.3
/** Exchanges above this harm are named, and counted as shots. */
const HARMFUL = 0.5
/**
 * Shares of benign exchanges that read as more harmful than a level, about three times what was measured on questions to assistants, and
 * how many it takes: the surer each of them, the fewer. One alone is a guard of texts' matter.
 */
const LEVELS: readonly { readonly harm: number; readonly share: number; readonly fewest: number }[] = [
  { harm: HARMFUL, share: 0.04, fewest: 3 },
  { harm: 0.8, share: 0.01, fewest: 2 },
  { harm: 0.9, share: 0.005, fewest: 2 },
]
/** Turns of fewer words count for less: "and the next one?" is no evidence of innocence, nor a lone word of guilt. */
const TELLING_WORDS = 8
const FEWEST_WORDS = 3
/** What a rise in harm from turn to turn adds, for each step of it. */
const STEP = 0.35
const RISE = 0.15

export type ConversationAttack = 'many_shot' | 'crescendo' | 'sustained'

export interface ConversationEvidence {
  /** 0…1; above one half there is an alarm. */
  readonly score: number
  readonly attack: ConversationAttack
  /** Exchanges that were answered, and those of them that read as harmful and were not refused. */
  readonly shots: number
  readonly harmfulShots: number
  /** Indices of the first and the last message with a harmful exchange; null where there is none. */
  readonly messages: readonly [first: number, last: number] | null
  /** Share of answers that begin alike, 0…1. */
  readonly uniformity: number
  /** How far the last subject is from the first, 0…1. */
  readonly drift: number
  /** Longest row of turns each more harmful than the one before. */
  readonly steps: number
}

export interface ReadExchange extends Exchange {
  readonly reading: ExchangeReading
}

/** Weighs a conversation, oldest exchange first. Time is linear in the number of exchanges. */
export function weigh(exchanges: readonly ReadExchange[]): ConversationEvidence {
  let sum = 0
  let alarm = false
  let steps = 0
  let longest = 0
  let before: ReadExchange | null = null
  const harmful: ReadExchange[] = []
  for (const exchange of exchanges) {
    const { harm, refusal, words } = exchange.reading
    // Answers inside a text are its writer's: a refusal there vouches for nothing.
    const refused = refusal > 0.5 && !exchange.embedded
    steps = before !== null && !refused && logit(harm) > logit(before.reading.harm) + RISE ? steps + 1 : 0
    longest = Math.max(longest, steps)
    if (!refused && harm > HARMFUL && words >= FEWEST_WORDS) harmful.push(exchange)
    const climb = steps < 2 || before === null ? 0 : STEP * Math.min(steps, 4) * continuity(before, exchange)
    const ratio = clamp(logit(harm) + OFFSET + climb, LEAST, refused ? 0 : MOST)
    const weight = Math.min(1, words / TELLING_WORDS)
    sum = clamp(sum + weight * ratio, 0, CAP)
    alarm = alarm ? sum > CLEAR : sum > ALARM
    before = exchange
  }
  const answered = exchanges.filter(({ answer }) => answer !== null)
  const shots = harmful.filter(({ answer }) => answer !== null)
  const uniformity = openingUniformity(answered)
  // Hysteresis: within an alarm the level stays above its threshold until the sum has fallen to the lower one.
  const level = (alarm ? Math.max(sum, 1.05 * ALARM) : sum) * (1 + bonus(exchanges, uniformity))
  const score = Math.max(level / (level + ALARM), strewn(harmful, exchanges.length))
  return {
    ...{ score, shots: answered.length, harmfulShots: shots.length, uniformity, steps: longest },
    attack: shots.length >= 3 ? 'many_shot' : longest >= 3 ? 'crescendo' : 'sustained',
    messages: harmful.length === 0 ? null : [harmful[0]?.message ?? 0, harmful.at(-1)?.message ?? 0],
    drift: drift(exchanges),
  }
}

/** A dialogue of one mould, or in a template's own tokens, is more likely made for its effect. */
function bonus(exchanges: readonly ReadExchange[], uniformity: number): number {
  const embedded = exchanges.filter((exchange) => exchange.embedded)
  const mould = embedded.length < 3 ? 0 : 0.3 * uniformity
  return mould + (embedded.some(({ control }) => control) ? 0.3 : 0)
}

/** How surely the harmful exchanges are more than a benign conversation of this length has, at the level that says it most surely. */
function strewn(harmful: readonly ReadExchange[], all: number): number {
  return LEVELS.reduce((most, { harm, share, fewest }) => {
    const above = harmful.filter(({ reading }) => reading.harm > harm).length
    return above < fewest ? most : Math.max(most, excess(above / all, all, share))
  }, 0)
}

/** The bound of Chernoff on the binomial tail, with one half at a chance of one in a thousand. */
function excess(share: number, all: number, expected: number): number {
  if (share <= expected) return 0
  const rest = share === 1 ? 0 : (1 - share) * Math.log((1 - share) / (1 - expected))
  const nats = all * (share * Math.log(share / expected) + rest)
  return nats / (nats + Math.log(1000))
}

/** Whether a turn goes on from the one before, 0.5…1: a crescendo does, a new subject does not. */
function continuity(before: ReadExchange, after: ReadExchange): number {
  return 0.5 + 0.5 * Math.max(0, likeness(before.reading.sketch, after.reading.sketch))
}

function drift(exchanges: readonly ReadExchange[]): number {
  const [first, last] = [exchanges[0], exchanges.at(-1)]
  if (first === undefined || last === undefined || first === last) return 0
  return clamp(1 - likeness(first.reading.sketch, last.reading.sketch), 0, 1)
}

const OPENING = 16

/** Share of the commonest opening among answers; 0 for fewer than three. */
function openingUniformity(answered: readonly ReadExchange[]): number {
  if (answered.length < 3) return 0
  const counts = new Map<string, number>()
  for (const { answer } of answered) {
    const opening = (answer ?? '').trim().slice(0, OPENING).toLowerCase()
    counts.set(opening, (counts.get(opening) ?? 0) + 1)
  }
  const most = Math.max(...counts.values())
  return most < 2 ? 0 : most / answered.length
}

function logit(probability: number): number {
  const bounded = clamp(probability, 1e-6, 1 - 1e-6)
  return Math.log(bounded / (1 - bounded))
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value))
}
