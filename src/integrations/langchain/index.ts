/** `parapet/langchain`: a guard for agents of LangChain.js. */
export { guardMiddleware } from './middleware.ts'
export type { GuardMiddleware, GuardMiddlewareOptions, Runtime } from './types.ts'
export type { ConversationGuard, DecisionFacts } from '../conversation/index.ts'
export { BlockedError, ParapetError } from '../../spec/index.ts'
