/** Models as GGUF files, run in this process by llama.cpp (`node-llama-cpp`, an optional package). */
export { createLlamaCppEngine } from './engine.ts'
export type { LlamaCppEngine } from './engine.ts'
export type { LlamaCppOptions } from './options.ts'
