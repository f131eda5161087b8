/**
 * From the first call's answer to a route. What cannot be read takes the middle way, which sees both the request and the guidelines.
 * Nothing a model writes makes it throw.
 */
import { answerObject } from './answer-object.ts'
import { releasedJson } from './released-json.ts'
import type { RouteChoice } from './routes.ts'
import { MIDDLE_ROUTE, routeNamed } from './routes.ts'

/** As the released code writes it. */
export const NO_TIP = 'Not avaliable'

/**
 * @param released reads with the released parser, which repairs answers and takes the first of several objects
 */
export function readChoice(answer: string, released = false): RouteChoice {
  const object = released ? lowerKeys(releasedJson(answer)) : answerObject(answer)
  const { route, system_check_result: check, system_tip: tip } = object ?? {}
  if (typeof route !== 'string' || typeof check !== 'string' || typeof tip !== 'string')
    return { route: MIDDLE_ROUTE, check: answer, tip: NO_TIP, understood: false }
  const named = routeNamed(route)
  return { route: named ?? MIDDLE_ROUTE, check, tip, understood: named !== null }
}

function lowerKeys(value: unknown): Readonly<Record<string, unknown>> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key.toLowerCase(), item]))
}
