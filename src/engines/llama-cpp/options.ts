/** Settings of a GGUF file as an engine, and what can be said of the file without loading it. */
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { ParapetError } from '../../spec/index.ts'

export interface LlamaCppOptions {
  /** Path of the model, from the process's folder. Nothing is downloaded. */
  readonly gguf: string
  /** Tokens of prompt and answer together, for each sequence. Default: what the model was trained on, at most 8,192. */
  readonly contextSize?: number
  /** Default 1: where other work runs beside it, more threads wait for each other and are slower, up to a hundred times. */
  readonly threads?: number
  /** Prompts whose keys and values are kept; so many calls run at once, sharing the threads. Default 1. */
  readonly sequences?: number
  /** Calls that may wait. Default 64. */
  readonly queue?: number
  /**
   * Tokens of a prompt evaluated at once, and the steps in which a kept prefix is used again. Whole blocks are evaluated alike whether
   * or not their beginning was kept, so with one sequence a kept prefix changes no probability. Cancellation and deadlines take effect
   * between blocks. Larger blocks suit a GPU. Default 64.
   */
  readonly block?: number
  /** Whether a GPU is used where the installed binaries find one. Default false. */
  readonly gpu?: boolean
  /** Jinja, instead of the template in the file. */
  readonly chatTemplate?: string
  /** Variables of the template where a question sets none of that name, such as `{ enable_thinking: false }`. */
  readonly templateOptions?: Readonly<Record<string, unknown>>
  /** Gives the module `node-llama-cpp` where an import from here does not find it. */
  readonly load?: () => Promise<unknown>
}

export interface LlamaCppSettings extends Required<
  Pick<LlamaCppOptions, 'threads' | 'sequences' | 'queue' | 'block' | 'gpu'>
> {
  /** Absolute. */
  readonly path: string
  readonly contextSize: number | undefined
  readonly chatTemplate: string | undefined
  readonly templateOptions: Readonly<Record<string, unknown>>
  readonly load: (() => Promise<unknown>) | undefined
  /** Length and time of change of the file: another file at the same path is another engine. */
  readonly stamp: string
}

const LARGEST: Readonly<Record<string, number>> = { threads: 256, sequences: 64, block: 2_048, contextSize: 2_097_152 }

/** Checks the settings and that the file is there. Throws `configuration`, and `engine_unavailable` for a file that is no GGUF. */
export function llamaCppSettings(options: LlamaCppOptions): LlamaCppSettings {
  const { gguf, contextSize, threads = 1, sequences = 1, queue = 64, block = 64, gpu = false, chatTemplate } = options
  if (typeof gguf !== 'string' || gguf === '') throw wrong('Give the path of a GGUF file, under gguf.')
  for (const [key, value] of Object.entries({ threads, sequences, block, contextSize })) {
    const largest = LARGEST[key] ?? 0
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 1 && value <= largest))
      throw wrong(`Its ${key} must be a whole number from 1 to ${largest}.`)
  }
  if (!Number.isSafeInteger(queue) || queue < 0) throw wrong('Its queue must be a whole number of at least 0.')
  if (typeof gpu !== 'boolean') throw wrong('Its gpu must be true or false.')
  if (chatTemplate !== undefined && (typeof chatTemplate !== 'string' || chatTemplate === ''))
    throw wrong('Its chatTemplate must be a Jinja template.')
  const path = resolve(gguf)
  return {
    ...{ path, contextSize, threads, sequences, queue, block, gpu, chatTemplate },
    ...{ templateOptions: options.templateOptions ?? {}, load: options.load, stamp: stampOf(path) },
  }
}

/** Looks at the file's first bytes, so that a wrong path is said when the engine is made and not at the first question. */
function stampOf(path: string): string {
  let file: number
  try {
    if (!statSync(path).isFile()) throw wrong(`${path} is a folder. Give the path of the GGUF file in it.`)
    file = openSync(path, 'r')
  } catch (cause) {
    if (ParapetError.isInstance(cause)) throw cause
    throw wrong(`There is no file at ${path} that can be read. Give the path of a GGUF file.`, cause)
  }
  try {
    const magic = Buffer.alloc(4)
    readSync(file, magic, 0, 4, 0)
    if (magic.toString('latin1') !== 'GGUF')
      throw new ParapetError(
        'engine_unavailable',
        `${path} is not a GGUF file: it does not begin with GGUF. Convert the model, or take its GGUF file.`,
      )
    const { size, mtimeMs } = statSync(path)
    return `${size}:${mtimeMs}`
  } finally {
    closeSync(file)
  }
}

function wrong(message: string, cause?: unknown): ParapetError {
  return new ParapetError('configuration', `The settings of a GGUF file as a model are wrong. ${message}`, {
    ...(cause === undefined ? {} : { cause }),
  })
}
