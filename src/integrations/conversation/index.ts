/** What the adapters share: conversations read from a framework's values, judged, and put back. */
export { answered } from './answered.ts'
export type { StreamGuard } from './answered.ts'
export { ConversationReader, MessageReader } from './conversation-reader.ts'
export type { Conversation } from './conversation-reader.ts'
export { isFields, textOf } from './fields.ts'
export type { Fields } from './fields.ts'
export { judge, stopOf } from './judgement.ts'
export type { ConversationCheck, ConversationGuard, DecisionFacts, JudgeOptions, Judgement, Stop } from './judgement.ts'
