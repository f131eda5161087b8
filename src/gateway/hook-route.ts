/** The way of every request that asks for a verdict in somebody else's shape: read, judged, answered. The doors are in `hooks/`. */
import type { CheckResult } from '../spec/index.ts'
import type { ParapetError } from '../spec/index.ts'
import { decisionHeaders, jsonReply, toParapetError } from './answer/errors.ts'
import type { GatewayContext } from './context.ts'
import type { HookAnswer, HookDoor } from './hooks/hook.ts'
import type { Reply } from './http/exchange.ts'
import type { RouteCall } from './http/router.ts'
import { createLinkedAbort } from './linked-abort.ts'
import { callerOf } from './request/caller.ts'
import { readJsonBody } from './request/read-body.ts'

/** @param refuse what a door answers instead of an error, where its asker takes an error for a pass */
export async function answerHook(
  { request, access }: RouteCall,
  context: GatewayContext,
  door: HookDoor,
  refuse?: (error: ParapetError) => HookAnswer,
): Promise<Reply> {
  const abort = createLinkedAbort([request.signal, context.stopped])
  const trace = request.header('traceparent')
  try {
    // Any string is judged, odd ones above all: nothing of it goes on to a model from here.
    const body = await readJsonBody(request, { limit: context.limits.body, strictUnicode: false })
    const answer = await door(body, {
      caller: callerOf(request.header, access),
      signal: abort.signal,
      async check(input, options) {
        const result = await context.pipeline.check(input, {
          ...options,
          ...(trace === undefined ? {} : { traceparent: trace }),
        })
        keepHeld(context, result)
        return result
      },
    })
    return toReply(answer)
  } catch (thrown) {
    if (refuse === undefined) throw thrown
    const error = toParapetError(thrown)
    if (error.code === 'internal') context.onDefect(error.cause ?? error)
    return toReply(refuse(error))
  } finally {
    abort.release()
  }
}

function keepHeld({ held }: GatewayContext, { decision, decisionId }: CheckResult): void {
  if (decision === 'hold') held.add(decisionId)
}

function toReply({ status, body, result }: HookAnswer): Reply {
  // Asking again would meet the same guard in the same trouble.
  const never = status >= 400 ? { 'x-should-retry': 'false' } : {}
  return jsonReply(body, status, { ...never, ...decisionHeaders(result) })
}
