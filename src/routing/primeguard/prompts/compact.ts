/**
 * Prompts for models of a few million parameters: one line each, no examples. The chat model of this package was taught exactly these
 * words, so that changing a letter lowers what it can do. The request stands alone in its message on the first call.
 */
import type { PromptStyle } from './prompt-style.ts'

export const COMPACT_STYLE: PromptStyle = {
  name: 'compact',
  route: { system: 'Choose the route. Rules: {{guidelines}}. Answer as JSON.', user: '{{request}}' },
  plain: 'Answer this request: {{request}}\nConsider: {{tip}}',
  analyse: 'Rules: {{guidelines}}. Request: {{request}}',
  notes: '<SYSTEM_TIP>{{tip}}</SYSTEM_TIP><SYSTEM_CHECK_RESULT>{{check}}</SYSTEM_CHECK_RESULT>',
  reevaluate: 'Check again and answer as JSON.',
  refuse: 'Say that you are sorry and cannot help with that, and nothing else.',
  list: 'inline',
  tokens: { route: 96, reevaluation: 40 },
}
