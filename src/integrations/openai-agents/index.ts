/** `parapet/openai-agents`: guardrails and guarded models of the OpenAI Agents SDK. */
export { inputGuardrail, outputGuardrail, toolInputGuardrail, toolOutputGuardrail } from './guardrails.ts'
export { guardModel, guardModelProvider } from './guard-model.ts'
export type {
  CommonOptions,
  FunctionCall,
  GuardedModel,
  GuardModelOptions,
  GuardrailOutput,
  InputGuardrail,
  ModelLike,
  ModelProviderLike,
  OutputGuardrail,
  RunGuardrailOptions,
  ToolGuardrailOptions,
  ToolGuardrailOutput,
  ToolInputGuardrail,
  ToolOutputGuardrail,
} from './types.ts'
export type { ConversationGuard, DecisionFacts, StreamGuard } from '../conversation/index.ts'
export { BlockedError, ParapetError } from '../../spec/index.ts'
