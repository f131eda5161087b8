/** Guarded streams and guarded turns with a model. */
export { guardParts, guardText } from './guard-parts.ts'
export type { StreamContext } from './context.ts'
export type { StreamSource } from './source.ts'
export { converse } from './converse.ts'
export type { CallModel, CallOptions, ConverseContext, ConverseRequest } from './converse.ts'
