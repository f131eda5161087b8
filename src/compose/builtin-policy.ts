/** The policy that holds where there is no policy file: all shipped guards that need no configuration, at their defaults. */
import type { Policy } from '../spec/index.ts'

/**
 * Scores above 0.5 block (harm of answers above 0.9; toxicity flags), personal data is masked, secrets block. `parapet init` writes the same policy as a
 * commented file.
 */
export const BUILTIN_POLICY: Policy = {
  parapet: 1,
  name: 'default',
  rails: {
    input: ['unicode', 'limits', 'secrets', 'pii', 'classifier'],
    retrieval: ['unicode', 'secrets', 'pii', 'classifier'],
    tool_call: ['secrets', 'pii'],
    tool_result: ['unicode', 'secrets', 'pii', 'classifier'],
    output: ['unicode', 'secrets', 'pii', 'prompt-leak', 'classifier'],
  },
  guards: {
    limits: { use: 'limits', characters: 1_000_000 },
  },
  actions: {
    prompt_harm: { threshold: 0.5, action: 'block' },
    // At 0.5 one ordinary answer in seventeen would be blocked, at 0.9 one in eighty (models/MODEL_CARD.md).
    response_harm: { threshold: 0.9, action: 'block' },
    injection: { threshold: 0.5, action: 'block' },
    toxicity: { threshold: 0.5, action: 'flag' },
    pii: { action: 'modify' },
    secret: { action: 'block', hard: true },
  },
}
