/** Checkpoints of decoders: safetensors and `config.json` of Hugging Face, PEFT adapters, GGUF for llama.cpp. On bytes, not files. */
export * from './adapter.ts'
export {
  type ByteSource,
  type FloatFormat,
  type ReadTensorOptions,
  type SafetensorsFile,
  type TensorEntry,
  type WriteTensorOptions,
  bytesSource,
  floatEntry,
  isFloatFormat,
  openSafetensors,
  readFloatTensor,
  safetensorsPieces,
  writeSafetensors,
} from './safetensors.ts'
export { decoderConfigOf, huggingFaceConfigOf, tokenFields, withGenerationConfig } from './hugging-face-config.ts'
export { type ChatModelData, readChatModel, writeChatModel } from './chat-model-file.ts'
export { type GgufTensor, type GgufValue, ggufPieces } from './gguf.ts'
export { type GgufModel, type GgufTokenizer, ggufModelPieces } from './gguf-decoder.ts'
export { type GgufTokenizerOptions, chatTemplateOf, ggufTokenizerOf } from './gguf-tokenizer.ts'
