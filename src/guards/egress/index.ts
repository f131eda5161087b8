/** Links and where they lead. */
export { createEgressGuard } from './guard.ts'
export type { EgressGuardOptions } from './guard.ts'
