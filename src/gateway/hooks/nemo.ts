/**
 * NeMo Guardrails' check endpoints (schemas and sources in `contract/nemo`): `POST /v1/guardrail/checks` of its microservice and
 * `POST /v1/checks` of its open-source server.
 *
 * The microservice's answer knows `success` and `blocked` and carries no text. Its caller goes on with the text it has, so a
 * modification is `blocked` there; the open-source server's `modified` carries the new text. A guard that failed is an error with
 * its own status, as it is with NeMo, and never `success`.
 *
 * The configuration is this gateway's policy: `config_id` only chooses the scope, and a configuration sent along is refused.
 */
import type {
  JsonObject,
  NemoActivatedRail,
  NemoChecksReply,
  NemoRequest,
  NemoServerReply,
} from '../../contract/index.ts'
import {
  chatMessagesSchema,
  ERROR_STATUS,
  firstIssue,
  nemoRequestSchema,
  toDecisionNote,
} from '../../contract/index.ts'
import { messageText } from '../../core/pipeline/texts.ts'
import type { CheckResult, GuardResult, Stage } from '../../spec/index.ts'
import { ParapetError, showsText } from '../../spec/index.ts'
import { errorBody } from '../answer/errors.ts'
import type { ChatConversation } from '../protocols/chat/messages.ts'
import { translateMessages } from '../protocols/chat/messages.ts'
import { parseBody } from '../protocols/parse-body.ts'
import type { HookAnswer, HookDeps } from './hook.ts'
import { callerWith, failureOf, inquire, stopReason, toAnswer } from './hook.ts'

export const NEMO_DOOR = 'nemo'

interface Checked {
  readonly request: NemoRequest
  readonly conversation: ChatConversation
  readonly result: CheckResult
}

/** `POST /v1/guardrail/checks`. */
export async function answerNemo(body: JsonObject, deps: HookDeps): Promise<HookAnswer> {
  const { request, conversation, result } = await check(body, deps)
  const failure = failedAnswer(result)
  if (failure !== null) return failure
  const configs = configsOf(request)
  const log = request.guardrails?.options?.log?.activated_rails === true ? { log: logOf(result) } : {}
  const changed =
    result.decision === 'modify' && result.messages !== undefined
      ? { messages: conversation.rewrite(result.messages) }
      : {}
  const reply: NemoChecksReply = {
    status: isFree(result.decision) ? 'success' : 'blocked',
    rails_status: railsOf(result.guards),
    guardrails_data: { ...(configs.length === 0 ? {} : { config_ids: configs }), ...log },
    parapet: { ...toDecisionNote(result), ...changed },
  }
  return toAnswer(200, reply, result)
}

/** `POST /v1/checks`. */
export async function answerNemoServer(body: JsonObject, deps: HookDeps): Promise<HookAnswer> {
  const { conversation, result } = await check(body, deps)
  const failure = failedAnswer(result)
  if (failure !== null) return failure
  const last = (result.messages ?? conversation.messages).at(-1)
  const shown = showsText(result.decision)
  const rail = shown ? undefined : result.guards.find((guard) => !guard.shadow && !showsText(actionOf(guard)))
  const reply: NemoServerReply = {
    status: shown ? (result.decision === 'modify' ? 'modified' : 'passed') : 'blocked',
    content: shown ? (last === undefined ? '' : messageText(last)) : stopReason(result),
    ...(rail === undefined ? {} : { rail: nameOf(rail) }),
    parapet: toDecisionNote(result),
  }
  return toAnswer(200, reply, result)
}

async function check(body: JsonObject, deps: HookDeps): Promise<Checked> {
  const request = parseBody<NemoRequest>(nemoRequestSchema, body)
  const { guardrails } = request
  const configs = configsOf(request)
  if (guardrails?.['config'] !== undefined && guardrails['config'] !== null) {
    throw wrong(
      'A configuration in the request is not read; the policy is this gateway’s. Leave it out.',
      'guardrails.config',
    )
  }
  if (configs.length > 1) {
    throw wrong('Give one configuration: it chooses the scope of the policy by name.', 'guardrails.config_ids')
  }
  if (request.stream === true) throw wrong('A check is answered in one piece; leave `stream` out.', 'stream')
  const conversation = readMessages(request.messages)
  const caller = callerWith(deps.caller, {
    application: configs,
    user: [request.user],
    conversation: [guardrails?.thread_id],
  })
  const inquiry = { deps, door: NEMO_DOOR, model: request.model ?? undefined, caller }
  return { request, conversation, result: await inquire(inquiry, { messages: conversation.messages }) }
}

function configsOf({ guardrails }: NemoRequest): readonly string[] {
  const named = [guardrails?.config_id, ...(guardrails?.config_ids ?? [])]
  return [...new Set(named.filter((name) => name !== undefined && name !== null && name !== ''))] as string[]
}

/** NeMo's own role `context` holds what the application fetched, so it is judged like a tool's result. */
function readMessages(sources: NemoRequest['messages']): ChatConversation {
  const messages = sources.map((source) =>
    source['role'] === 'context'
      ? { role: 'tool', tool_call_id: 'context', content: JSON.stringify(source['content'] ?? null) }
      : source,
  )
  const checked = chatMessagesSchema.safeParse(messages)
  if (!checked.success) {
    const { param, message } = firstIssue(checked.error)
    const place = `messages${param.startsWith('[') ? '' : '.'}${param}`
    throw wrong(message.replace(`\`${param}\``, `\`${place}\``), place)
  }
  return translateMessages(messages)
}

function wrong(message: string, param: string): ParapetError {
  return new ParapetError('input_invalid', message, { details: { param } })
}

function failedAnswer(result: CheckResult): HookAnswer | null {
  const failure = failureOf(result)
  return failure === null ? null : toAnswer(ERROR_STATUS[failure.code], errorBody(failure, result), result)
}

/** The text may go on as it is. */
function isFree(decision: CheckResult['decision']): boolean {
  return showsText(decision) && decision !== 'modify'
}

/** A guard that asks for another try stops what cannot be tried again. */
function actionOf({ decision }: GuardResult): CheckResult['decision'] {
  return decision === 'retry' ? 'block' : decision
}

function nameOf({ guard, stage }: GuardResult): string {
  return `${guard} ${stage}`
}

function statusOf(guard: GuardResult): 'success' | 'blocked' | 'unknown' {
  if (guard.status === 'cancelled') return 'unknown'
  return guard.shadow || isFree(actionOf(guard)) ? 'success' : 'blocked'
}

/** One entry for each guard and stage; of several texts the worst counts. */
function railsOf(guards: readonly GuardResult[]): NemoChecksReply['rails_status'] {
  const rails = new Map<string, { readonly status: 'success' | 'blocked' | 'unknown' }>()
  for (const guard of guards) {
    const name = nameOf(guard)
    const status = statusOf(guard)
    const before = rails.get(name)?.status
    if (before === undefined || status === 'blocked' || (status === 'unknown' && before === 'success')) {
      rails.set(name, { status })
    }
  }
  return Object.fromEntries(rails)
}

const RAIL_TYPES: Readonly<Record<Stage, NemoActivatedRail['type']>> = {
  input: 'input',
  retrieval: 'retrieval',
  tool_call: 'tool_output',
  tool_result: 'tool_input',
  output: 'output',
}

function logOf({ guards, ms }: CheckResult): NonNullable<NemoChecksReply['guardrails_data']['log']> {
  return {
    activated_rails: guards.map((guard) => ({
      type: RAIL_TYPES[guard.stage],
      name: nameOf(guard),
      decisions: [guard.decision],
      executed_actions: [],
      stop: statusOf(guard) === 'blocked',
      duration: guard.ms / 1000,
    })),
    stats: { total_duration: ms / 1000, llm_calls_count: 0 },
  }
}
