/** `parapet/ai-sdk`: guards models of the Vercel AI SDK, provider interface v2, v3 and v4. */
export { guardMiddleware, guardModel, steerModel } from './guard-model.ts'
export type {
  GuardedModel,
  GuardMiddleware,
  GuardOptions,
  MiddlewareCall,
  ModelLike,
  SpecificationVersion,
  TurnGuard,
  UnjudgedPart,
} from './types.ts'
export { BlockedError, ParapetError } from '../../spec/index.ts'
