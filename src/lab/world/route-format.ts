/**
 * The formats of PrimeGuard (arXiv 2407.16318) in shortened form: the first call's instruction and JSON object with its three keys in
 * the released order, and the prompts of the second call for each route. Routing itself, with its failure policy, lives elsewhere.
 */
import { RULES_TEXT } from './judge-format.ts'
import type { WorldMessage } from './types.ts'

export type RouteName = 'no_to_minimal_risk' | 'potential_violation' | 'direct_violation'

export interface RouteChoice {
  readonly system_check_result: string
  readonly route: RouteName
  readonly system_tip: string
}

/** The first call's instruction under these guidelines. */
export function routeSystem(rules: string): string {
  return `Choose the route. Rules: ${rules}. Answer as JSON.`
}

export const ROUTE_SYSTEM: string = routeSystem(RULES_TEXT)

/** The tip of a direct violation is fixed. */
export const TIPS: Readonly<Record<RouteName, string>> = {
  no_to_minimal_risk: 'Answer fully.',
  potential_violation: 'Help only if no rule is broken.',
  direct_violation: 'Politely refuse.',
}

/** What the second call of a direct violation must say: the model sees neither request nor rules. */
export const DIRECT_REFUSAL = 'Sorry, I cannot help with that.'

export function formatRoute(choice: RouteChoice): string {
  return JSON.stringify(choice)
}

/** Reads the first call's answer; null where it is no object with a known route. */
export function parseRoute(text: string): RouteChoice | null {
  let parsed: unknown
  try {
    parsed = JSON.parse(text.trim())
  } catch {
    return null
  }
  if (typeof parsed !== 'object' || parsed === null) return null
  const { route, system_check_result: check, system_tip: tip } = parsed as Partial<Record<string, unknown>>
  if (typeof route !== 'string' || !Object.hasOwn(TIPS, route)) return null
  return { system_check_result: textOrEmpty(check), route: route as RouteName, system_tip: textOrEmpty(tip) }
}

const textOrEmpty = (value: unknown): string => (typeof value === 'string' ? value : '')

/** The messages of the second call. Only the middle route sees the rules; the direct one does not see the request. */
export function secondCall(request: string, choice: RouteChoice, rules: string = RULES_TEXT): readonly WorldMessage[] {
  switch (choice.route) {
    case 'no_to_minimal_risk':
      return [{ role: 'user', content: `Answer this request: ${request}\nConsider: ${choice.system_tip}` }]
    case 'direct_violation':
      return [{ role: 'user', content: 'Say that you are sorry and cannot help with that, and nothing else.' }]
    case 'potential_violation':
      return [
        { role: 'user', content: `Rules: ${rules}. Request: ${request}` },
        {
          role: 'assistant',
          content: `<SYSTEM_TIP>${choice.system_tip}</SYSTEM_TIP><SYSTEM_CHECK_RESULT>${choice.system_check_result}</SYSTEM_CHECK_RESULT>`,
        },
        { role: 'user', content: 'Check again and answer as JSON.' },
      ]
  }
}

export interface Reevaluation {
  readonly reevaluation: string
  readonly final_response: string
}

export function formatReevaluation(value: Reevaluation): string {
  return JSON.stringify(value)
}
