/** Compiled, never run: the models that real providers make are what the engine takes, in every version. */
import { createAnthropic as anthropic2 } from 'anthropic-v2'
import { createAnthropic as anthropic3 } from 'anthropic-v3'
import { createAnthropic as anthropic4 } from 'anthropic-v4'
import { createOpenAI as openai2 } from 'openai-v2'
import { createOpenAI as openai3 } from 'openai-v3'
import { createOpenAI as openai4 } from 'openai-v4'
import { createOpenAICompatible as compatible2 } from 'openai-compatible-v2'
import { createOpenAICompatible as compatible3 } from 'openai-compatible-v3'
import { createOpenAICompatible as compatible4 } from 'openai-compatible-v4'
import type { AiSdkEngineOptions } from 'parapet/engines/ai-sdk'
import { createAiSdkEngine, createAiSdkLanguageModel } from 'parapet/engines/ai-sdk'

const settings = { name: 'local', baseURL: 'http://127.0.0.1' }
const models: readonly AiSdkEngineOptions['model'][] = [
  ...[openai2()('m'), openai3()('m'), openai4()('m'), openai3().chat('m'), openai3().completion('m')],
  ...[anthropic2()('m'), anthropic3()('m'), anthropic4()('m')],
  ...[compatible2(settings)('m'), compatible3(settings)('m'), compatible4(settings)('m')],
]
for (const model of models) {
  createAiSdkEngine({ model, logprobs: 'off' })
  createAiSdkLanguageModel({ model })
}
// @ts-expect-error -- a name is no model
createAiSdkEngine({ model: 'openai/gpt-5' })
