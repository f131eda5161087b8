/** Structured output by schema. */
export { createStructuredGuard } from './guard.ts'
export type { StructuredGuardOptions } from './guard.ts'
export type { StandardSchema } from './standard-schema.ts'
