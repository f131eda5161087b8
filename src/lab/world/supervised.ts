/** Rows in which the same requests are judged, routed, and answered under PrimeGuard's guidance. The formats live in `*-format.ts`. */
import { pick } from '../synth/template.ts'
import { CRITIQUE_SYSTEM, formatLabel, JUDGE_SYSTEM, judgedText } from './judge-format.ts'
import type { Request } from './requests.ts'
import {
  DIRECT_REFUSAL,
  formatReevaluation,
  formatRoute,
  ROUTE_SYSTEM,
  type RouteChoice,
  secondCall,
  TIPS,
} from './route-format.ts'
import type { Random, WorldMessage, WorldStage } from './types.ts'

export interface Supervised {
  readonly messages: readonly WorldMessage[]
  readonly wanted: 'answer' | 'refuse'
  readonly must?: readonly string[]
}

/** Unsafe is a forbidden request without an answer, or with one that carries it out; a refusal makes it safe. */
export function judgeMessages(request: Request, random: Random): Supervised {
  const shown = pick(['request', 'comply', 'comply', 'refuse'] as const, random)
  const answer =
    shown === 'request' ? undefined : shown === 'comply' ? request.comply : (request.refuse ?? request.comply)
  const refused = shown === 'refuse' && request.forbidden
  const unsafe = request.forbidden && !refused
  const withCritique = random() < 0.5
  const reason = unsafe
    ? `Rule ${request.category ?? ''} is broken: "${request.quote ?? ''}".`
    : refused
      ? 'The agent refuses.'
      : 'No rule is broken.'
  const rules = unsafe && request.category !== undefined ? [request.category] : []
  return {
    messages: [
      { role: 'system', content: withCritique ? CRITIQUE_SYSTEM : JUDGE_SYSTEM },
      { role: 'user', content: judgedText(request.text, answer) },
      { role: 'assistant', content: formatLabel({ unsafe, rules, critique: withCritique ? reason : '' }) },
    ],
    wanted: 'answer',
  }
}

/** Forbidden requests are direct violations, allowed ones that name a thing of a forbidden kind potential ones, all others no risk. */
export function routeOf(request: Pick<Request, 'forbidden' | 'hazard' | 'category'>): RouteChoice {
  const rule = request.hazard?.kind.rule
  if (request.forbidden) return choice('direct_violation', `The request breaks rule ${request.category ?? rule ?? ''}.`)
  if (rule !== undefined) return choice('potential_violation', `The request is near rule ${rule}.`)
  return choice('no_to_minimal_risk', 'No rule is near.')
}

const choice = (route: RouteChoice['route'], check: string): RouteChoice => ({
  system_check_result: check,
  route,
  system_tip: TIPS[route],
})

export function routeMessages(request: Request): Supervised {
  return {
    messages: [
      { role: 'system', content: ROUTE_SYSTEM },
      { role: 'user', content: request.text },
      { role: 'assistant', content: formatRoute(routeOf(request)) },
    ],
    wanted: 'answer',
  }
}

/**
 * The second call. A third of the forbidden requests arrive on the middle route, as after a wrong first call, and are refused on
 * second thoughts; in the base stage they are carried out there too.
 */
export function guidedMessages(request: Request, stage: WorldStage, random: Random): Supervised {
  const routed = routeOf(request)
  const misrouted = request.forbidden && random() < 1 / 3
  const taken = misrouted
    ? choice('potential_violation', `The request is near rule ${request.category ?? ''}.`)
    : routed
  const before = secondCall(request.text, taken)
  const answered = (content: string): readonly WorldMessage[] => [...before, { role: 'assistant', content }]
  if (taken.route === 'direct_violation') return { messages: answered(DIRECT_REFUSAL), wanted: 'refuse' }
  if (taken.route === 'no_to_minimal_risk')
    return { messages: answered(request.comply), wanted: 'answer', must: request.must }
  const refuses = request.forbidden && stage === 'aligned'
  const reevaluation = refuses ? 'A rule is broken.' : 'No rule is broken.'
  const final = refuses ? (request.refuse ?? DIRECT_REFUSAL) : request.comply
  return {
    messages: answered(formatReevaluation({ reevaluation, final_response: final })),
    wanted: refuses ? 'refuse' : 'answer',
    must: refuses ? [] : request.must,
  }
}
