/** `GET /v1/session`: what the key that asks may do, and what runs here. Tells nothing of other keys. */
import type { SessionBody } from '../contract/index.ts'
import { jsonReply } from './answer/errors.ts'
import type { GatewayContext } from './context.ts'
import type { Reply } from './http/exchange.ts'
import type { RouteCall } from './http/router.ts'

export function answerSession(
  { access }: RouteCall,
  { pipeline, decisions }: GatewayContext,
  facts: { readonly keyed: boolean; readonly version: string },
): Reply {
  const body: SessionBody = {
    object: 'parapet.session',
    keyed: facts.keyed,
    key: access.key,
    role: access.role,
    policyVersion: pipeline.policyVersion,
    version: facts.version,
    rails: pipeline.rails ?? {},
    recording: decisions !== null,
  }
  return jsonReply(body, 200)
}
