/** Checkpoints of decoders as files: Hugging Face folders, PEFT adapters, GGUF. */
export type { Checkpoint, CheckpointTokenizer } from './checkpoint.ts'
export { type ReadCheckpointOptions, readCheckpoint } from './read-checkpoint.ts'
export { readAdaptedCheckpoint } from './adapted-checkpoint.ts'
export { checkpointPath } from './checkpoint-path.ts'
export { packCheckpoint, type PackOptions } from './packed-file.ts'
export { type WriteCheckpointOptions, type WriteGgufOptions, writeCheckpoint, writeGguf } from './write-checkpoint.ts'
export { readAdapter, writeAdapter } from './adapter-folder.ts'
export { generateText, type GenerateTextOptions } from './generate-text.ts'
