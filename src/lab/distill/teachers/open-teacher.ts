/** A teacher by name: `rules`, the URL of an OpenAI-compatible server, or a GGUF file. Nothing is asked before the first row. */
import { extname } from 'node:path'
import { loadEmbeddedClassifier } from '../../../engines/embedded/index.ts'
import { createLlamaCppEngine } from '../../../engines/llama-cpp/index.ts'
import { createOpenAiCompatibleEngine } from '../../../engines/openai-compatible/index.ts'
import { ParapetError } from '../../../spec/errors.ts'
import { createEngineTeacher } from './engine-teacher.ts'
import { createRuleTeacher } from './rule-teacher.ts'
import type { Teacher } from './teacher.ts'

export interface OpenTeacherOptions {
  /** `rules`, `http…`, or the absolute path of a `.gguf` file. */
  readonly name: string
  /** Of the server. */
  readonly model?: string
  readonly apiKey?: string
  /** Milliseconds for one answer of a server. */
  readonly timeout?: number
}

export interface OpenTeacher {
  readonly teacher: Teacher
  close(): Promise<void>
}

/** Throws `configuration` for a name that is none of these, a server without a model, or a file that is not there. */
export async function openTeacher({ name, model, apiKey, timeout }: OpenTeacherOptions): Promise<OpenTeacher> {
  if (name === 'rules')
    return {
      teacher: createRuleTeacher({ classifier: await loadEmbeddedClassifier(undefined, { deep: 'off' }) }),
      close: () => Promise.resolve(),
    }
  if (/^https?:\/\//.test(name)) {
    if (model === undefined)
      throw new ParapetError('configuration', 'Name the model of the teacher: --teacher-model NAME.')
    const engine = createOpenAiCompatibleEngine({
      ...{ url: name, model, api: 'chat' as const, logprobs: 'off' as const },
      ...(apiKey === undefined ? {} : { apiKey }),
      ...(timeout === undefined ? {} : { timeout }),
    })
    return { teacher: createEngineTeacher({ engine }), close: () => Promise.resolve() }
  }
  if (extname(name) !== '.gguf')
    throw new ParapetError('configuration', `${name} is no teacher. Give rules, the URL of a server, or a .gguf file.`)
  const engine = createLlamaCppEngine({ gguf: name })
  return { teacher: createEngineTeacher({ engine }), close: () => engine.dispose() }
}
