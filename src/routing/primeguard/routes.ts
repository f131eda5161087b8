/** The three routes of PrimeGuard (arXiv 2407.16318), their names as models write them, and what the first call found. */
import type { RoutePath } from '../../spec/index.ts'

export type RouteName = 'no_to_minimal_risk' | 'potential_violation' | 'direct_violation'

export const ROUTE_PATHS: Readonly<Record<RouteName, RoutePath>> = {
  no_to_minimal_risk: 'plain',
  potential_violation: 'guided',
  direct_violation: 'refused',
}

/** Where everything goes that was not understood: never to the way that drops the guidelines, never to a blind refusal. */
export const MIDDLE_ROUTE: RouteName = 'potential_violation'

/** The tip of a direct violation is the same for all. */
export const REFUSAL_TIP = 'Politely refuse.'

export interface RouteChoice {
  readonly route: RouteName
  readonly check: string
  readonly tip: string
  /** False where the answer could not be read, or named no known route. */
  readonly understood: boolean
}

/** The route a model meant: lower case, without spaces, as the released code reads it; null for any other word. */
export function routeNamed(word: string): RouteName | null {
  const name = word.toLowerCase().replaceAll(' ', '')
  return Object.hasOwn(ROUTE_PATHS, name) ? (name as RouteName) : null
}
