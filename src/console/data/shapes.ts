/**
 * Whether an answer is of the form the page draws. Only what drawing relies on is looked at; fields a newer gateway adds are
 * left alone, and words it adds (another decision, another label) are drawn as they come.
 */
import type { DecisionBody, GuardReplyBody } from '../../contract/index.ts'
import type { JsonObject } from '../../contract/json.ts'
import { isJsonObject } from '../../contract/json.ts'

/** A reply of `POST /v1/guard`. */
export function isGuardReply(body: unknown): body is GuardReplyBody {
  return isJsonObject(body) && typeof body['decision_id'] === 'string' && isJudgement(body)
}

/** A decision in full. Of one that is held and not recorded, a gateway tells only that it is held. */
export function isDecisionBody(body: unknown): body is DecisionBody {
  return (
    isJsonObject(body) &&
    body['object'] === 'parapet.decision' &&
    [body['id'], body['at'], body['door']].every((value) => typeof value === 'string') &&
    isJudgement(body) &&
    every(body['critiques'], isCritique) &&
    every(body['feedback'], () => true)
  )
}

/** A page of decisions; decisions that are not of the form are left out by the reader. */
export function isDecisionList(body: unknown): body is JsonObject & { readonly data: readonly unknown[] } {
  return isJsonObject(body) && body['object'] === 'list' && Array.isArray(body['data'])
}

function isJudgement(body: JsonObject): boolean {
  return (
    [body['decision'], body['shadowDecision'], body['policyVersion']].every((value) => typeof value === 'string') &&
    typeof body['ms'] === 'number' &&
    isJsonObject(body['scores']) &&
    isJsonObject(body['categories']) &&
    Object.values(body['categories']).every((score) => typeof score === 'number') &&
    every(body['spans'], isSpan) &&
    every(body['guards'], isGuardResult) &&
    every(body['exceptions'], isString) &&
    every(body['warnings'], isString) &&
    (body['error'] === null || (isJsonObject(body['error']) && isString(body['error']['message'])))
  )
}

function isCritique(value: unknown): boolean {
  if (!isJsonObject(value) || !isString(value['guard']) || !isString(value['stage'])) return false
  if (value['status'] === 'failed') return isJsonObject(value['error']) && isString(value['error']['message'])
  return (
    isString(value['text']) &&
    every(value['clauses'], (clause) => isJsonObject(clause) && isString(clause['id']) && isString(clause['title'])) &&
    every(value['quotes'], (quote) => isJsonObject(quote) && isString(quote['words']))
  )
}

function isSpan(value: unknown): boolean {
  return (
    isJsonObject(value) &&
    isString(value['label']) &&
    [value['start'], value['end'], value['score']].every((number) => typeof number === 'number')
  )
}

function isGuardResult(value: unknown): boolean {
  return (
    isJsonObject(value) &&
    [value['guard'], value['stage'], value['status'], value['decision']].every(isString) &&
    typeof value['ms'] === 'number' &&
    every(value['labels'], isString)
  )
}

function isString(value: unknown): boolean {
  return typeof value === 'string'
}

function every(value: unknown, test: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(test)
}
