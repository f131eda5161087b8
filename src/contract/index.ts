/** HTTP requests and replies, shared by the gateway and its clients. */
export { asArray, asString, isJsonObject } from './json.ts'
export type { JsonObject, JsonValue } from './json.ts'
export { chatMessagesSchema, chatRequestSchema } from './chat.ts'
export type { ChatMessage, ChatRequest } from './chat.ts'
export { completionRequestSchema, textInputSchema } from './completions.ts'
export type { CompletionRequest, TextInput } from './completions.ts'
export { embeddingRequestSchema } from './embeddings.ts'
export type { EmbeddingBody, EmbeddingListBody, EmbeddingRequest } from './embeddings.ts'
export type { ModelBody, ModelListBody } from './models.ts'
export { messagesRequestSchema } from './messages.ts'
export type { MessagesRequest, WireMessage } from './messages.ts'
export { guardRequestSchema } from './guard-row.ts'
export type { GuardReplyBody, GuardRequestBody } from './guard-row.ts'
export { ERROR_STATUS, ERROR_TYPE, errorBodySchema } from './error-body.ts'
export type { ErrorBody, ErrorType } from './error-body.ts'
export { firstIssue } from './issue-path.ts'
export type { BodyIssue } from './issue-path.ts'
export { decisionQuerySchema, feedbackSchema, reviewSchema, toDecisionBody } from './decisions.ts'
export type {
  DecisionBody,
  DecisionListBody,
  DecisionQueryParams,
  DeletedBody,
  FeedbackBody,
  ReviewBody,
  SessionBody,
} from './decisions.ts'
export { toDecisionNote } from './decision-note.ts'
export type { DecisionNote } from './decision-note.ts'
export { liteLlmRequestSchema } from './litellm.ts'
export type { LiteLlmReply, LiteLlmRequest, LiteLlmToolCall } from './litellm.ts'
export { MODERATION_CATEGORIES, MODERATION_INPUTS, MODERATION_SOURCES, moderationRequestSchema } from './moderations.ts'
export type {
  ModerationCategory,
  ModerationPart,
  ModerationReply,
  ModerationRequest,
  ModerationResult,
  ModerationSource,
} from './moderations.ts'
export { nemoRequestSchema } from './nemo.ts'
export type { NemoActivatedRail, NemoChecksReply, NemoRequest, NemoServerReply } from './nemo.ts'
export { portkeyRequestSchema } from './portkey.ts'
export type { PortkeyReply, PortkeyRequest } from './portkey.ts'
export { conversationRequestSchema, responsesRequestSchema } from './responses.ts'
export type { ConversationRequest, ItemListBody, ResponsesRequest } from './responses.ts'
