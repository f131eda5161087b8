/** HTTP requests and replies, shared by the gateway and its clients. */
export { asArray, asString, isJsonObject } from './json.ts'
export type { JsonObject, JsonValue } from './json.ts'
export { chatMessagesSchema, chatRequestSchema } from './chat.ts'
export type { ChatMessage, ChatRequest } from './chat.ts'
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
