/**
 * Where in a request a text is judged. One rail (an ordered set of guards) belongs to each stage.
 *
 * This file holds names only; which text of an exchange belongs to which stage is decided in `core/pipeline`.
 */

/**
 * `input`: what a user sends to the model. `retrieval`: documents fetched for the model. `tool_call`: arguments the model
 * sends to a tool. `tool_result`: what a tool answered. `output`: what the model answers, reasoning included.
 */
export type Stage = 'input' | 'retrieval' | 'tool_call' | 'tool_result' | 'output'

/** All stages, in the order in which a request meets them. */
export const STAGES: readonly Stage[] = ['input', 'retrieval', 'tool_call', 'tool_result', 'output']

/** The field of an exchange that a span points into. */
export type Field = 'prompt' | 'response' | 'system'
