/** Supervised training of decoders on conversations. */
export { type ChatMessage, type Conversation, conversationProblem, parseConversations } from './conversation.ts'
export { type EncodeOptions, type EncodedConversation, encodeConversation } from './encode.ts'
export { nextTokenLoss } from './next-token-loss.ts'
export { type TrainDecoderOptions, type TrainedDecoder, stepsOf, trainDecoder } from './train-decoder.ts'
export { type RunChatOptions, runChat } from './run-chat.ts'
