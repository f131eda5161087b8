/**
 * `POST /v1/moderations`: OpenAI's moderation interface, answered by the guards of the policy (schema, sources and the map of
 * categories in `contract/moderations`).
 *
 * Each input is a decision of its own. `flagged` is that decision: the policy flags the input or would not let it through, for
 * whatever reason. A category is true only for an input that is flagged. One input whose guards failed makes the whole answer an
 * error, because `flagged: false` would be a judgement that nobody made.
 */
import type {
  JsonObject,
  ModerationCategory,
  ModerationPart,
  ModerationReply,
  ModerationRequest,
  ModerationResult,
  ModerationSource,
} from '../contract/index.ts'
import {
  ERROR_STATUS,
  MODERATION_CATEGORIES,
  MODERATION_SOURCES,
  moderationRequestSchema,
  toDecisionNote,
} from '../contract/index.ts'
import type { CheckInput, CheckResult } from '../spec/index.ts'
import { showsText } from '../spec/index.ts'
import { errorBody } from './answer/errors.ts'
import type { HookAnswer, HookDeps, Inquiry } from './hooks/hook.ts'
import { failureOf, imagePart, inquire, mostSevere, toAnswer } from './hooks/hook.ts'
import { parseBody } from './protocols/parse-body.ts'

export const MODERATIONS_DOOR = 'moderations'

/** Inputs judged at the same time. */
const SIDE_BY_SIDE = 16

/** Above this a score counts as its category. */
const THRESHOLD = 0.5

/** One input, and whether there is a text in it. */
interface Input {
  readonly check: Omit<CheckInput, 'caller'>
  readonly worded: boolean
}

export async function answerModerations(body: JsonObject, deps: HookDeps): Promise<HookAnswer> {
  const request = parseBody<ModerationRequest>(moderationRequestSchema, body)
  const inquiry: Inquiry = {
    deps,
    door: MODERATIONS_DOOR,
    model: request.model ?? undefined,
    caller: deps.caller,
  }
  const inputs = inputsOf(request.input)
  const results: CheckResult[] = []
  for (let from = 0; from < inputs.length; from += SIDE_BY_SIDE) {
    const some = inputs.slice(from, from + SIDE_BY_SIDE)
    results.push(...(await Promise.all(some.map(({ check }) => inquire(inquiry, check)))))
    const failed = results.find((result) => failureOf(result) !== null)
    const failure = failed === undefined ? null : failureOf(failed)
    if (failed !== undefined && failure !== null) {
      return toAnswer(ERROR_STATUS[failure.code], errorBody(failure, failed), failed)
    }
  }
  return toAnswer(200, replyOf(results, inputs), mostSevere(results))
}

function replyOf(results: readonly CheckResult[], inputs: readonly Input[]): ModerationReply {
  const [first] = results
  return {
    id: `modr-${(first?.decisionId ?? '').replace(/^dec_/, '')}`,
    model: `parapet-${first?.policyVersion ?? ''}`,
    results: results.map((result, index) => resultOf(result, inputs[index]?.worded ?? false)),
  }
}

/** A list of strings is as many inputs; a list of parts is one. */
function inputsOf(input: ModerationRequest['input']): readonly Input[] {
  if (typeof input === 'string') return [{ check: { prompt: input }, worded: true }]
  const texts = input.filter((item) => typeof item === 'string')
  if (texts.length > 0) return texts.map((prompt) => ({ check: { prompt }, worded: true }))
  const parts = input as readonly ModerationPart[]
  const content = parts.map((part) =>
    part.type === 'text' ? { type: 'text' as const, text: part.text } : imagePart(part.image_url.url),
  )
  return [{ check: { messages: [{ role: 'user', content }] }, worded: parts.some((part) => part.type === 'text') }]
}

function resultOf(result: CheckResult, worded: boolean): ModerationResult {
  const { decision, guards, scores } = result
  const flagged = decision === 'flag' || !showsText(decision)
  const labels = [...new Set(guards.flatMap((guard) => (guard.shadow ? [] : guard.labels)))]
  const score = (category: ModerationCategory): number =>
    MODERATION_SOURCES[category].reduce((most, source) => Math.max(most, scoreOf(result, source)), 0)
  const counts = (category: ModerationCategory): boolean =>
    flagged && (score(category) > THRESHOLD || MODERATION_SOURCES[category].some((source) => labels.includes(source)))
  return {
    flagged,
    categories: byCategory(counts),
    category_scores: byCategory(score),
    category_applied_input_types: byCategory((category) =>
      worded && MODERATION_SOURCES[category].length > 0 ? ['text'] : [],
    ),
    parapet: { ...toDecisionNote(result), labels, scores },
  }
}

function scoreOf({ scores, categories }: CheckResult, source: ModerationSource): number {
  const head = Object.hasOwn(scores, source) ? scores[source as keyof typeof scores] : undefined
  return head ?? categories[source] ?? 0
}

function byCategory<Value>(value: (category: ModerationCategory) => Value): Record<ModerationCategory, Value> {
  return Object.fromEntries(MODERATION_CATEGORIES.map((category) => [category, value(category)])) as Record<
    ModerationCategory,
    Value
  >
}
