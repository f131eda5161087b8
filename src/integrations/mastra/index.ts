/** `parapet/mastra`: a guard for agents of Mastra. */
export { guardProcessor } from './processor.ts'
export type { GuardProcessor, GuardProcessorOptions, RequestContextLike } from './types.ts'
export type { ConversationGuard, DecisionFacts, StreamGuard } from '../conversation/index.ts'
export { BlockedError, ParapetError } from '../../spec/index.ts'
