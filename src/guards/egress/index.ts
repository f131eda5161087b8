/** Links that leave: allow-lists of hosts and schemes, images, data in URLs. */
export { createEgressGuard } from './egress-guard.ts'
export type { EgressGuardOptions } from './egress-guard.ts'
