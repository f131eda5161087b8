/** A decoder with its numbers and tokenizer in memory, and the names of the files a Hugging Face folder keeps them in. */
import type { DecoderConfig } from '../../nn/decoder/config.ts'
import type { ParameterValues } from '../../nn/tensor/parameters.ts'

export interface CheckpointTokenizer {
  /** Parsed `tokenizer.json`. */
  readonly json: unknown
  /** Parsed `tokenizer_config.json`; undefined where there is none. */
  readonly config: unknown
  /** Jinja template that turns messages into text. */
  readonly chatTemplate?: string
}

export interface Checkpoint {
  readonly config: DecoderConfig
  readonly parameters: ParameterValues
  readonly tokenizer?: CheckpointTokenizer
}

export const FILES = {
  config: 'config.json',
  generation: 'generation_config.json',
  weights: 'model.safetensors',
  index: 'model.safetensors.index.json',
  tokenizer: 'tokenizer.json',
  tokenizerConfig: 'tokenizer_config.json',
  chatTemplate: 'chat_template.jinja',
  adapterConfig: 'adapter_config.json',
  adapterWeights: 'adapter_model.safetensors',
} as const
