/**
 * One training run of a chat model from files to files: what `parapet lab train --chat` does. It tunes a checkpoint, whole or by an adapter,
 * on conversations; models from nothing are made by the library (`trainDecoder`) or by `parapet lab world`.
 *
 * The folder gets the tuned model (`model`, the adapter merged), the adapter (`adapter`) if one was trained, `run.json` and a report; its
 * folder `run` keeps the checkpoint of a run that is not finished.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { mergeAdapter } from '../../../nn/checkpoint/adapter.ts'
import { BLOCK_LINEARS, parameterCount } from '../../../nn/decoder/config.ts'
import { loadOnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import { loadTokenizer } from '../../../nn/tokenizer/tokenizer-json.ts'
import { ParapetError } from '../../../spec/errors.ts'
import { readCheckpoint, writeAdapter, writeCheckpoint } from '../../checkpoints/index.ts'
import { requireTrainingMemory } from '../../checkpoints/training-memory.ts'
import { writeAtomically } from '../write-atomically.ts'
import { type ChatRun, renderChatReport } from './chat-report.ts'
import { answersTo, sampledConversations } from './chat-samples.ts'
import { type Conversation, parseConversations } from './conversation.ts'
import { encodeConversation } from './encode.ts'
import { stepsOf, trainDecoder } from './train-decoder.ts'

export interface RunChatOptions {
  /** Hugging Face folder of the model to tune. */
  readonly from: string
  /** Files of conversations, a line each. */
  readonly chat: readonly string[]
  readonly out: string
  /** Passes over the conversations; parts of one are possible. */
  readonly passes: number
  readonly learningRate: number
  /** Rank of an adapter on all linear layers, with α twice the rank; 0 tunes the whole model. */
  readonly loraRank: number
  /** Longest conversation, in tokens; longer ones are left out and counted. */
  readonly maxLength: number
  readonly seed: number
  readonly threads: number
  readonly resume: boolean
  readonly onProgress: (message: string) => void
  readonly signal?: AbortSignal
}

const CHECKPOINT_EVERY = 50
/** Conversations whose answers the report shows. */
const SAMPLES = 6

/** Trains and writes; says what was written. */
export async function runChat(options: RunChatOptions): Promise<readonly string[]> {
  const { from, out, passes, learningRate, loraRank, seed, threads, resume, onProgress, signal } = options
  const texts = options.chat.map((path) => ({ name: basename(path), text: readFileSync(path, 'utf8') }))
  const conversations = texts.flatMap(({ name, text }) => parseConversations(text, name))
  const { config, parameters, tokenizer: files } = await readCheckpoint(from)
  requireTrainingMemory(basename(from), config, loraRank > 0 ? 2 : 4)
  if (files === undefined)
    throw new ParapetError('input_invalid', `${from} has no tokenizer.json, so its model cannot be tuned on text.`)
  const tokenizer = await loadTokenizer(files)
  const maxLength = Math.min(options.maxLength, config.maxLength)
  const learnt: Conversation[] = []
  const sequences = conversations.flatMap((row) => {
    const encoded = encodeConversation(row, { tokenizer, maxLength })
    if (encoded !== undefined) learnt.push(row)
    return encoded ?? []
  })
  const left = conversations.length - sequences.length
  if (sequences.length === 0)
    throw new ParapetError(
      'input_invalid',
      `There is nothing to learn from: of ${conversations.length} conversations none fits into ${maxLength} tokens.`,
    )
  onProgress(
    `${sequences.length} conversations${left > 0 ? `; ${left} are longer than ${maxLength} tokens and left out` : ''}`,
  )
  const runtime = await loadOnnxRuntime()
  const sampled = sampledConversations(learnt, SAMPLES)
  const speaker = { runtime, config, tokenizer, ...(signal === undefined ? {} : { signal }) }
  // Now, because tuning the whole model changes the parameters in place.
  const before = await answersTo(sampled, { ...speaker, parameters })
  mkdirSync(join(out, 'run'), { recursive: true })
  const { adapter, history } = await trainDecoder({
    ...{ runtime, config, parameters, sequences, learningRate, seed, threads },
    steps: stepsOf({ sequences, seed }, passes),
    ...(loraRank > 0 ? { lora: { rank: loraRank, alpha: 2 * loraRank, targets: BLOCK_LINEARS } } : {}),
    checkpoint: { path: join(out, 'run', 'training.checkpoint'), every: CHECKPOINT_EVERY, resume },
    ...{ progressEvery: 10, ...(signal === undefined ? {} : { signal }) },
    onProgress: ({ step, steps, loss, itemsPerSecond, secondsLeft }) =>
      onProgress(
        `${step} of ${steps}: loss ${loss.toFixed(3)}, ${Math.round(itemsPerSecond)} tokens/s, ${Math.ceil(secondsLeft)} s left`,
      ),
  })
  const tuned = adapter === undefined ? parameters : mergeAdapter(parameters, adapter)
  for (const part of ['model', ...(adapter === undefined ? [] : ['adapter'])])
    mkdirSync(join(out, part), { recursive: true })
  await writeCheckpoint(join(out, 'model'), { config, parameters: tuned, tokenizer: files })
  if (adapter !== undefined) await writeAdapter(join(out, 'adapter'), adapter, from)
  const after = await answersTo(sampled, { ...speaker, parameters: tuned })
  const run: ChatRun = {
    ...{ formatVersion: 1, model: basename(from), parameters: parameterCount(config) },
    ...{ seed, threads, passes, learningRate, loraRank, maxLength },
    ...{ conversations: sequences.length, leftOut: left },
    data: texts.map(({ name, text }) => ({ name, sha256: createHash('sha256').update(text).digest('hex') })),
    history,
    samples: sampled.map((sample, at) => ({ ...sample, before: before[at] ?? '', after: after[at] ?? '' })),
  }
  writeAtomically(join(out, 'run.json'), Buffer.from(`${JSON.stringify(run, null, 2)}\n`))
  writeAtomically(join(out, 'report.html'), Buffer.from(renderChatReport(run)))
  rmSync(join(out, 'run'), { recursive: true })
  const written = ['model', ...(adapter === undefined ? [] : ['adapter']), 'run.json', 'report.html']
  return [
    `loss ${history.at(-1)?.loss.toFixed(3) ?? '–'} after ${history.at(-1)?.step ?? 0} steps`,
    `wrote ${written.map((name) => join(out, name)).join(', ')}`,
  ]
}
