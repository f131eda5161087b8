/**
 * A GGUF file as an engine, run in this process by llama.cpp through `node-llama-cpp`. The file is loaded at the first question. A prompt
 * that begins like an earlier one is read from where they part. Trying again and budgets are `engines/calls`.
 */
import { basename } from 'node:path'
import type { CompletionEngine, CompletionRequest } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { share } from '../calls/coalescing.ts'
import { callAborted, engineFailure } from '../calls/failure.ts'
import { wallClock } from '../calls/wall-clock.ts'
import { writeAnswer } from './answer.ts'
import type { LoadedModel } from './loaded-model.ts'
import { createModelLife, disposed } from './model-life.ts'
import type { Token } from './node-llama-cpp.ts'
import type { LlamaCppOptions } from './options.ts'
import { llamaCppSettings } from './options.ts'

export interface LlamaCppEngine extends CompletionEngine {
  /** Loads what is otherwise loaded at the first question. What fails here is tried again there. */
  prepare(): Promise<void>
  /** Frees the model, as happens to an engine that nobody holds. Calls that run are broken off, later ones are refused. */
  dispose(): Promise<void>
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
  const life = createModelLife(settings)
  return {
    specVersion: 'v1',
    kind: 'completion',
    id: `${basename(path)} in llama.cpp`,
    version: JSON.stringify(['llama.cpp', path, facts]),
    async complete(request, call = {}) {
      if (call.signal?.aborted === true) throw callAborted()
      // The model goes on loading for others when somebody no longer waits for it.
      const { loaded, line } = await share(life.start(), call, wallClock)
      /** Called where work can stop: throws for whoever no longer waits. */
      const pause = (): void => {
        if (life.ended.aborted) throw disposed()
        if (call.signal?.aborted === true) throw callAborted()
        if (call.deadline !== undefined && wallClock.now() >= call.deadline)
          throw engineFailure('timeout', 'The deadline passed before the model had answered.')
      }
      pause()
      const prompt = promptOf(request, loaded, path)
      return line.run(prompt, call, async (sequence) => {
        try {
          return await writeAnswer(loaded, sequence, { prompt, request, pause })
        } catch (cause) {
          if (ParapetError.isInstance(cause)) throw cause
          if (life.ended.aborted) throw disposed()
          await sequence.reset()
          throw engineFailure('server_error', 'llama.cpp failed while it worked on the prompt; the cause says why.', {
            cause,
          })
        }
      })
    },
    async prepare() {
      await life.start()
    },
    dispose: () => life.end(),
  }
}

function promptOf(request: CompletionRequest, { prompts, contextSize }: LoadedModel, path: string): readonly Token[] {
  const { chat, completion, maxTokens } = request
  if (!Number.isSafeInteger(maxTokens) || maxTokens < 1)
    throw new ParapetError('input_invalid', 'A completion needs maxTokens, a whole number above 0.')
  // Each has a token at least, whatever it says.
  const count = chat?.messages.length ?? 0
  if (count > contextSize) throw tooLarge(`${count} messages`, contextSize)
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
