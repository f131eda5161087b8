/**
 * A decoder that this process runs, as everything a red team wants of it: an engine, what fits its context, and probabilities for
 * searches. The shipped chat model, one at a path, or a Hugging Face folder. Without onnxruntime the shipped kind is decoded in
 * TypeScript, slower and without searches; nothing is downloaded.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createChatModel } from '../../../../engines/embedded/index.ts'
import { DecoderGenerator } from '../../../../nn/decoder/generator.ts'
import { loadOnnxRuntime, type OnnxRuntime } from '../../../../nn/runtime/onnx-runtime.ts'
import { loadTokenizer, type TextTokenizer } from '../../../../nn/tokenizer/tokenizer-json.ts'
import { type LanguageModelEngine, type Message, ParapetError } from '../../../../spec/index.ts'
import type { Checkpoint } from '../../../checkpoints/checkpoint.ts'
import { isFile } from '../../../checkpoints/file-source.ts'
import { readCheckpoint } from '../../../checkpoints/read-checkpoint.ts'
import type { TargetScorer } from '../attacks/attack.ts'
import { batchedEngine } from './batched-engine.ts'
import { chatMessage, targetScorer } from './target-scorer.ts'

export interface LocalModel {
  readonly engine: LanguageModelEngine
  readonly fits: (messages: readonly Message[], maxTokens: number) => boolean
  /** Null where probabilities cannot be had. */
  readonly scorer: TargetScorer | null
  /** Of the numbers: another model at the same path is another one. */
  readonly version: string
  readonly dispose: () => Promise<void>
}

export interface LocalModelOptions {
  /** File of a packed chat model, or Hugging Face folder. */
  readonly path: string
  readonly id: string
  /** `plain` decodes in TypeScript, one request after another. Default: `batched` where onnxruntime is. */
  readonly decoding?: 'batched' | 'plain'
}

/** Rejects with `engine_unavailable` or `input_invalid` where there is no such model. */
export async function openLocalModel(options: LocalModelOptions): Promise<LocalModel> {
  const { path, id, decoding } = options
  const checkpoint = await readCheckpoint(path)
  if (checkpoint.tokenizer === undefined)
    throw new ParapetError('input_invalid', `${path} has no tokenizer, so no text can be given to it.`)
  const tokenizer = await loadTokenizer(checkpoint.tokenizer)
  const runtime = decoding === 'plain' ? null : await loadOnnxRuntime().catch(() => null)
  if (runtime !== null) return localModelOf(id, checkpoint, runtime)
  const rest = { fits: fitsOf(checkpoint, tokenizer), version: versionOf(checkpoint) }
  if (!(await isFile(path)))
    throw new ParapetError(
      'engine_unavailable',
      `${path} needs onnxruntime-node. Install it: npm install onnxruntime-node`,
    )
  const engine = await createChatModel(new Uint8Array(await readFile(path)), path)
  return { ...rest, engine: { ...engine, id }, scorer: null, dispose: async () => undefined }
}

/** A checkpoint that is already in memory, such as one just tuned. Throws `input_invalid` for one without tokenizer. */
export async function localModelOf(id: string, checkpoint: Checkpoint, runtime: OnnxRuntime): Promise<LocalModel> {
  if (checkpoint.tokenizer === undefined)
    throw new ParapetError('input_invalid', `${id} has no tokenizer, so no text can be given to it.`)
  const tokenizer = await loadTokenizer(checkpoint.tokenizer)
  const rest = { fits: fitsOf(checkpoint, tokenizer), version: versionOf(checkpoint) }
  return { ...rest, ...(await batched(id, checkpoint, tokenizer, runtime)) }
}

async function batched(
  id: string,
  { config, parameters }: Checkpoint,
  tokenizer: TextTokenizer,
  runtime: OnnxRuntime,
): Promise<Pick<LocalModel, 'engine' | 'scorer' | 'dispose'>> {
  const generator = await DecoderGenerator.load(runtime, config, parameters)
  const scorer = targetScorer({ runtime, config, parameters, tokenizer })
  return {
    engine: batchedEngine({ id, generator, tokenizer, config }),
    scorer,
    async dispose() {
      await scorer.dispose()
      await generator.dispose()
    },
  }
}

/** Characters of a token at most: what is longer is not encoded only to be refused. */
const CHARACTERS = 64

function fitsOf({ config }: Checkpoint, tokenizer: TextTokenizer): LocalModel['fits'] {
  return (messages, maxTokens) => {
    const chat = messages.map(chatMessage)
    const characters = chat.reduce((sum, { content }) => sum + content.length, 0)
    if (characters > CHARACTERS * config.maxLength) return false
    const room = config.maxLength - Math.min(maxTokens, Math.floor(config.maxLength / 4))
    return tokenizer.encodeChat(chat, { addGenerationPrompt: true }).length <= room
  }
}

function versionOf({ parameters }: Checkpoint): string {
  const hash = createHash('sha256')
  for (const name of Object.keys(parameters).toSorted()) {
    const data = parameters[name]?.data
    hash.update(name)
    if (data !== undefined) hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  }
  return hash.digest('hex')
}
