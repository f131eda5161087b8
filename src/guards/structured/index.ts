/** Structured output by schema. */
export { createStructuredGuard } from './guard.ts'
export type { StandardSchema, StructuredGuardOptions } from './guard.ts'
