/**
 * A judge at an address: a model behind an OpenAI-compatible server, asked in a format by its name. Nothing is retried, because a retry
 * would hide failures and change latency; how long an answer may take is the bench's matter.
 */
import { createOpenAiCompatibleEngine } from '../../../engines/openai-compatible/index.ts'
import type { Subject } from '../subject.ts'
import { endpointUrl } from './http-ask.ts'
import type { JudgeSubjectOptions } from './judge.ts'
import { createJudgeSubject } from './judge.ts'

export interface OpenAiJudgeOptions extends Omit<JudgeSubjectOptions, 'engine' | 'format'> {
  /** Base address of the API, for instance `http://127.0.0.1:11434/v1`. */
  readonly url: string
  readonly model: string
  readonly apiKey?: string
  /** Default `policy`: any chat model, asked about the hazards of MLCommons. */
  readonly format?: JudgeSubjectOptions['format']
}

/** The longest timer there is. */
const NO_TIMEOUT = 2_147_483_647

/**
 * Creates the subject.
 *
 * @throws ParapetError `configuration` for an address that is none, or a format that is none.
 */
export function createOpenAiJudge({ url, model, apiKey, format = 'policy', ...rest }: OpenAiJudgeOptions): Subject {
  endpointUrl(url, '/chat/completions')
  const key = apiKey === undefined ? {} : { apiKey }
  const engine = createOpenAiCompatibleEngine({ url, model, timeout: NO_TIMEOUT, ...key })
  const name =
    format === 'policy' ? `judge ${model}` : `judge ${model} (${typeof format === 'string' ? format : format.name})`
  return createJudgeSubject({ engine, format, name, ...rest })
}
