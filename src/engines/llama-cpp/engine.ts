/**
 * A GGUF file as an engine, run in this process by llama.cpp through `node-llama-cpp`. The file is loaded at the first question. A prompt
 * that begins like an earlier one is read from where they part. Trying again and budgets are `engines/calls`.
 */
import { basename } from 'node:path'
import type { CompletionEngine, CompletionRequest } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { callAborted, engineFailure } from '../calls/failure.ts'
import { wallClock } from '../calls/wall-clock.ts'
import { writeAnswer } from './answer.ts'
import type { LoadedModel } from './loaded-model.ts'
import { loadModel } from './loaded-model.ts'
import type { Token } from './node-llama-cpp.ts'
import type { LlamaCppOptions, LlamaCppSettings } from './options.ts'
import { llamaCppSettings } from './options.ts'
import { SequenceLine } from './sequence-line.ts'

export interface LlamaCppEngine extends CompletionEngine {
  /** Loads what is otherwise loaded at the first question. What fails here is tried again there. */
  prepare(): Promise<void>
  /** Frees the model. Calls that run are broken off, later ones are refused. */
  dispose(): Promise<void>
}

interface Running {
  readonly loaded: LoadedModel
  readonly line: SequenceLine
}

/** Characters that no token of a prompt comes near on average: what is longer is not cut into tokens only to be refused. */
const CHARACTERS_PER_TOKEN = 128

/**
 * Creates the engine; the file is looked at, and loaded at the first question.
 *
 * @throws ParapetError `configuration` for wrong settings or a missing file, `engine_unavailable` for a file that is no GGUF
 */
export function createLlamaCppEngine(options: LlamaCppOptions): LlamaCppEngine {
  const settings = llamaCppSettings(options)
  const { path, queue: _queue, load: _load, ...facts } = settings
  const disposal = new AbortController()
  let running: Promise<Running> | undefined
  const start = async (): Promise<Running> => {
    if (disposal.signal.aborted) throw disposed()
    const mine = (running ??= run(settings))
    try {
      return await mine
    } catch (cause) {
      if (running === mine) running = undefined
      throw cause
    }
  }
  return {
    specVersion: 'v1',
    kind: 'completion',
    id: `${basename(path)} in llama.cpp`,
    version: JSON.stringify(['llama.cpp', path, facts]),
    async complete(request, call = {}) {
      if (call.signal?.aborted === true) throw callAborted()
      const { loaded, line } = await start()
      const prompt = promptOf(request, loaded, path)
      /** Called where work can stop: throws for whoever no longer waits. */
      const pause = (): void => {
        if (disposal.signal.aborted) throw disposed()
        if (call.signal?.aborted === true) throw callAborted()
        if (call.deadline !== undefined && wallClock.now() >= call.deadline)
          throw engineFailure('timeout', 'The deadline passed before the model had answered.')
      }
      pause()
      return line.run(prompt, call, async (sequence) => {
        try {
          return await writeAnswer(loaded, sequence, { prompt, request, pause })
        } catch (cause) {
          if (ParapetError.isInstance(cause)) throw cause
          if (disposal.signal.aborted) throw disposed()
          await sequence.reset()
          throw engineFailure('server_error', 'llama.cpp failed while it worked on the prompt; the cause says why.', {
            cause,
          })
        }
      })
    },
    async prepare() {
      await start()
    },
    async dispose() {
      disposal.abort()
      const last = await running?.catch(() => undefined)
      await last?.loaded.dispose()
    },
  }
}

async function run(settings: LlamaCppSettings): Promise<Running> {
  const loaded = await loadModel(settings)
  return { loaded, line: new SequenceLine(loaded.sequences, settings.queue, wallClock) }
}

function promptOf(request: CompletionRequest, { prompts, contextSize }: LoadedModel, path: string): readonly Token[] {
  const { chat, completion, maxTokens } = request
  if (!Number.isSafeInteger(maxTokens) || maxTokens < 1)
    throw new ParapetError('input_invalid', 'A completion needs maxTokens, a whole number above 0.')
  const characters = chat?.messages.reduce((sum, { content }) => sum + content.length, 0) ?? completion?.length ?? 0
  if (characters > CHARACTERS_PER_TOKEN * contextSize) throw tooLarge(`${characters} characters`, contextSize)
  const write = prompts.chat
  const tokens = chat !== null && write !== null ? write(chat) : completion === null ? null : prompts.raw(completion)
  if (tokens === null)
    throw new ParapetError(
      'configuration',
      `${basename(path)} has no chat template, and this question no raw prompt. Give chatTemplate, or another format.`,
    )
  if (tokens.length === 0) throw new ParapetError('input_invalid', 'The prompt has no token. Give some text.')
  // One token of the answer at least.
  if (tokens.length >= contextSize) throw tooLarge(`${tokens.length} tokens`, contextSize)
  return tokens
}

function tooLarge(size: string, contextSize: number): Error {
  return engineFailure(
    'too_large',
    `The prompt has ${size}, and the context of this model ${contextSize} tokens. Raise contextSize, or judge shorter texts.`,
  )
}

function disposed(): ParapetError {
  return new ParapetError('engine_unavailable', 'This engine was disposed. Make a new one.')
}
