/** A Parapet as its gateway sees it: the door's facts go into the caller, and what is asked is always the generation now in force. */
import type { GatewayPipeline } from '../gateway/index.ts'
import type { Parapet } from './parapet.ts'

/** The gateway's view. */
export function pipelineOf(parapet: Parapet): GatewayPipeline {
  return {
    check: (input, { traceparent, ...options } = {}) =>
      parapet.check(
        traceparent === undefined ? input : { ...input, caller: { ...input.caller, traceparent } },
        options,
      ),
    converse: ({ traceparent, ...request }, callModel) =>
      parapet.converse(
        // Its upstreams are behind the router.
        {
          ...request,
          routed: true,
          caller: { ...request.caller, ...(traceparent === undefined ? {} : { traceparent }) },
        },
        callModel,
      ),
    get policyVersion() {
      return parapet.policyVersion
    },
    get rails() {
      return parapet.rails
    },
  }
}
