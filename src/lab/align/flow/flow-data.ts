/**
 * Preference data of the flow world: logs, pairs by rule from perturbed good turns, labels of logs, the same by a judge that errs, and
 * samples of the bot itself. Everything is made from situations of the training split and seeds.
 */
import { createRandom } from '../../../nn/random.ts'
import { pick } from '../../synth/template.ts'
import {
  type FlowSituation,
  badTurns,
  flowLogs,
  flowSituation,
  goodTurn,
  judgeTurn,
  overRefusedTurn,
} from '../../world/flow.ts'
import type { WorldLanguage, WorldSplit } from '../../world/types.ts'
import {
  type Judge,
  type OnPolicyData,
  type PairwiseJudge,
  fromSamples,
  labelByJudge,
  preferByJudge,
} from '../build-pairs.ts'
import { type LabelledTurn, type PreferencePair, promptKey } from '../pairs.ts'

export interface FlowDataOptions {
  readonly language: WorldLanguage
  readonly seed: number
  /** Turns. */
  readonly count: number
}

/** Situations of one split, the same for the same seed. */
export function flowSituations(
  split: WorldSplit,
  { language, seed, count }: FlowDataOptions,
  keep: (situation: FlowSituation) => boolean = () => true,
): readonly FlowSituation[] {
  const random = createRandom(seed)
  const kept: FlowSituation[] = []
  while (kept.length < count) {
    const situation = flowSituation(random, { language, split })
    if (keep(situation)) kept.push(situation)
  }
  return kept
}

/** Logged turns, taken as good by who learns from logs; `desirable` says what the rules say. */
export function loggedTurns(options: FlowDataOptions, violationRate: number): readonly LabelledTurn[] {
  return flowLogs(createRandom(options.seed), { ...options, violationRate }).map(({ situation, text, violation }) => ({
    prompt: situation.messages,
    response: text,
    desirable: violation === null,
  }))
}

/** One good turn for each situation. */
export function goodTurns(options: FlowDataOptions): readonly LabelledTurn[] {
  return flowSituations('train', options).map((situation) => ({
    prompt: situation.messages,
    response: goodTurn(situation),
    desirable: true,
  }))
}

/**
 * Half as many pairs as `count` turns: the good turn before one that is perturbed in one way. A turn that declines an allowed question is
 * one of the ways, though it breaks no rule: where nothing speaks against declining, losses of pairs make a bot decline more and more.
 */
export function rulePairs(options: FlowDataOptions): readonly PreferencePair[] {
  return perturbed(options).map(({ situation, wrong }) => ({
    ...{ prompt: situation.messages, chosen: goodTurn(situation), rejected: wrong },
  }))
}

export interface JudgedFlowData {
  readonly pairs: readonly PreferencePair[]
  readonly turns: readonly LabelledTurn[]
  /** What the judge left out: unreadable, tied, or decided by position. */
  readonly dropped: number
}

/** The turns of `rulePairs`, without their labels, shown to a judge: in both orders as pairs, one by one as turns. */
export async function judgedData(options: FlowDataOptions, judge: FlowJudge): Promise<JudgedFlowData> {
  const random = createRandom(options.seed + 2)
  const known = new Map<string, FlowSituation>()
  const comparisons = perturbed(options).map(({ situation, wrong }) => {
    known.set(promptKey(situation.messages), situation)
    const both = [goodTurn(situation), wrong] as const
    return { prompt: situation.messages, responses: random() < 0.5 ? both : ([both[1], both[0]] as const) }
  })
  const { compare, score } = judge(known)
  const judged = await preferByJudge(comparisons, compare)
  const candidates = comparisons.flatMap(({ prompt, responses }) => responses.map((response) => ({ prompt, response })))
  const labelled = await labelByJudge(candidates, score, 0.5)
  return {
    ...{ pairs: judged.pairs, turns: labelled.turns },
    dropped: comparisons.length - judged.pairs.length + labelled.failed.length,
  }
}

/** Knows the situation behind each prompt and gives a judge of single turns and of two turns. */
export type FlowJudge = (situations: ReadonlyMap<string, FlowSituation>) => {
  readonly score: Judge
  readonly compare: PairwiseJudge
}

/**
 * A judge in place of a language model: the rules, wrong about a turn at `errorRate`, unreadable at `failureRate`. Its error belongs to
 * the turn, so it errs alike in both orders.
 */
export function erringJudge(
  seed: number,
  { errorRate = 0.1, failureRate = 0.02 }: { readonly errorRate?: number; readonly failureRate?: number } = {},
): FlowJudge {
  return (situations) => {
    const scoreOf = (key: string, response: string): number | null => {
      const situation = situations.get(key)
      const random = createRandom(seed ^ hashOf(`${key}\n${response}`))
      if (situation === undefined || random() < failureRate) return null
      return keepsGuideline(situation, response) !== random() < errorRate ? 1 : 0
    }
    return {
      score: async (prompt, response) => Promise.resolve(scoreOf(promptKey(prompt), response)),
      compare: async (prompt, first, second) => {
        const key = promptKey(prompt)
        const [one, other] = [scoreOf(key, first), scoreOf(key, second)]
        return Promise.resolve(one === null || other === null ? null : one - other)
      },
    }
  }
}

/** `responses[i]` are the bot's own turns in `situations[i]`; the rules label them. */
export function onPolicyData(
  situations: readonly FlowSituation[],
  responses: readonly (readonly string[])[],
  seed: number,
): OnPolicyData {
  const known = new Map(situations.map((situation) => [promptKey(situation.messages), situation]))
  return fromSamples(
    situations.map(({ messages }, at) => ({ prompt: messages, responses: responses[at] ?? [] })),
    (prompt, response) => {
      const situation = known.get(promptKey(prompt))
      return situation !== undefined && keepsGuideline(situation, response)
    },
    { pairsPerPrompt: 2, seed },
  )
}

/** The rule of all labels: nothing is broken, and nothing allowed is declined. */
export function keepsGuideline(situation: FlowSituation, text: string): boolean {
  const { joint, overRefusal } = judgeTurn(situation, text)
  return joint && !overRefusal
}

/** Half as many situations as `count`, each with one of its wrong turns. */
function perturbed(options: FlowDataOptions): readonly { readonly situation: FlowSituation; readonly wrong: string }[] {
  const random = createRandom(options.seed + 1)
  const count = Math.max(1, Math.floor(options.count / 2))
  return flowSituations('train', { ...options, count }).map((situation) => {
    const shy = overRefusedTurn(situation)
    const wrong = [...badTurns(situation, random).map(({ text }) => text), ...(shy === null ? [] : [shy])]
    return { situation, wrong: pick(wrong, random) }
  })
}

/** FNV-1a of the characters. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
}
