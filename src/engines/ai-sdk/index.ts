/** Models of the AI SDK's providers as engines. */
export { createAiSdkEngine } from './engine.ts'
export { createAiSdkLanguageModel } from './language-model.ts'
export type { AiSdkModel, ProviderOptions } from './model.ts'
export type { AiSdkEngineOptions, AiSdkOptions } from './options.ts'
