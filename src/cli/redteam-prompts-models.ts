/**
 * What `parapet redteam prompts` means by a model: `demo`, a Hugging Face folder, a GGUF file, a URL. Each is opened once, whatever it is
 * used for, and given back at the end.
 */
import { extname, resolve } from 'node:path'
import { checkpointPath } from '../lab/checkpoints/checkpoint-path.ts'
import {
  engineTarget,
  httpTarget,
  type LocalModel,
  openGgufModel,
  openLocalModel,
  type Target,
} from '../lab/redteam/prompts/index.ts'
import type { LanguageModelEngine } from '../spec/index.ts'
import { ParapetError } from '../spec/errors.ts'
import { usageError } from './exit.ts'
import type { CliIo } from './io.ts'

export interface ModelSettings {
  /** Sent to the origin of `keyFor` alone: a judge or an attacker elsewhere never sees it. */
  readonly apiKey?: string
  /** The target, as it was named. */
  readonly keyFor?: string
  /** Milliseconds. */
  readonly timeout: number
  readonly perMinute?: number
}

export interface OpenModel {
  readonly target: Target
  readonly engine: LanguageModelEngine
  /** Null for what this process does not decode itself. */
  readonly local: LocalModel | null
}

export class Models {
  readonly #io: CliIo
  readonly #settings: ModelSettings
  readonly #open = new Map<string, Promise<OpenModel & { readonly close: () => Promise<void> }>>()

  constructor(io: CliIo, settings: ModelSettings) {
    this.#io = io
    this.#settings = settings
  }

  open(name: string, model: string): Promise<OpenModel> {
    const key = `${name} ${model}`
    const known = this.#open.get(key) ?? this.#load(name, model)
    this.#open.set(key, known)
    return known
  }

  async close(): Promise<void> {
    for (const opened of await Promise.allSettled(this.#open.values()))
      if (opened.status === 'fulfilled') await opened.value.close()
  }

  async #load(name: string, model: string): Promise<OpenModel & { readonly close: () => Promise<void> }> {
    const { timeout } = this.#settings
    const nothing = async (): Promise<void> => undefined
    if (/^https?:\/\//.test(name)) {
      const { apiKey, keyFor, ...rest } = this.#settings
      const keyed = apiKey !== undefined && originOf(name) !== null && originOf(name) === originOf(keyFor ?? '')
      const target = httpTarget({ url: name, model, ...rest, ...(keyed ? { apiKey } : {}) })
      return { target, engine: targetEngine(target), local: null, close: nothing }
    }
    if (extname(name) === '.gguf') {
      const { engine, dispose } = openGgufModel(resolve(this.#io.cwd, name))
      return { target: engineTarget({ engine, timeout }), engine, local: null, close: dispose }
    }
    if (/^\w+:\/\//.test(name)) throw usageError(`${name} is no http or https address.`)
    const id = name === 'demo' ? 'demo' : name
    const local = await openLocalModel({ path: checkpointPath(this.#io.cwd, name), id })
    const { engine, fits } = local
    return { target: engineTarget({ engine, fits }), engine, local, close: () => local.dispose() }
  }
}

const originOf = (url: string): string | null => (URL.canParse(url) ? new URL(url).origin : null)

/** For judges and attackers behind a URL: they are asked as the target is. */
function targetEngine(target: Target): LanguageModelEngine {
  return {
    ...{ specVersion: 'v1', kind: 'language-model', id: target.id },
    async *generate(messages, options) {
      const reply = await target.ask(messages, options)
      if (reply.outcome !== 'answered')
        throw new ParapetError('upstream_error', `${target.id} gave no answer (${reply.outcome}).`)
      yield { type: 'text', text: reply.text }
      const usage = { promptTokens: reply.promptTokens, completionTokens: reply.answerTokens }
      yield { type: 'end', reason: 'stop', usage }
    },
  }
}
