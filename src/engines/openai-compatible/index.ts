/** Models behind OpenAI-compatible servers. */
export { createOpenAiCompatibleEngine } from './engine.ts'
export type { OpenAiCompatibleOptions, SchemaField, ServerDialect } from './options.ts'
