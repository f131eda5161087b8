/**
 * Settings of a model server, checked once: where it is, which of its interfaces is asked, and how it wants what the OpenAI interface
 * has no word for. What the server really supports is found out only by asking it.
 */
import { ParapetError } from '../../spec/index.ts'

/** Whose server it is. `openai`: OpenAI itself and whatever is no other kind. */
export type ServerDialect = 'openai' | 'vllm' | 'llama.cpp' | 'ollama'

/** How a server is told a JSON Schema. `none`: it is not told; the answer is read strictly all the same. */
export type SchemaField = 'response_format' | 'structured_outputs' | 'guided_json' | 'json_schema' | 'format' | 'none'

export interface OpenAiCompatibleOptions {
  /** Base URL with or without `/v1`, for example `http://localhost:11434/v1`. */
  readonly url: string
  readonly model: string
  /** Sent as `Authorization: Bearer`. */
  readonly apiKey?: string
  /** Sent with every request, for servers that want a key elsewhere. */
  readonly headers?: Readonly<Record<string, string>>
  /** `chat` or `completions` (the raw prompt). Default `auto`: chat where the request has messages that the server can be given. */
  readonly api?: 'chat' | 'completions' | 'auto'
  /** Default `openai`. */
  readonly dialect?: ServerDialect
  /** Default by dialect: `response_format`, vLLM `structured_outputs`, llama.cpp `json_schema`, Ollama `format`. vLLM before 0.11: `guided_json`. */
  readonly schemaField?: SchemaField
  /** `required`: an answer without the token probabilities asked for is a failure. `off`: none are asked for. Default `wanted`. */
  readonly logprobs?: 'wanted' | 'required' | 'off'
  /** Ollama: tokens of context (`num_ctx`). Its default is small, and judged texts are long. */
  readonly context?: number
  /** Fields added to every request body, over those written here; null takes a field out. */
  readonly extra?: Readonly<Record<string, unknown>>
  /** Milliseconds for a whole call. Default 30,000. */
  readonly timeout?: number
  /** Largest answer, in bytes. Default 4 MiB. */
  readonly maxAnswer?: number
  /** Used instead of the global `fetch`. */
  readonly fetch?: typeof fetch
}

export interface ServerSettings extends Required<
  Pick<OpenAiCompatibleOptions, 'model' | 'api' | 'dialect' | 'schemaField' | 'logprobs'>
> {
  /** Without `/v1`; its path does not end in a slash. */
  readonly root: URL
  readonly headers: Headers
  readonly context: number | undefined
  readonly extra: Readonly<Record<string, unknown>>
  readonly timeout: number
  readonly maxAnswer: number
  readonly fetch: typeof fetch
}

/** Milliseconds of the longest timer; a longer one would end at once. */
const LONGEST_TIMEOUT = 2_147_483_647

const FIELD_OF: Readonly<Record<ServerDialect, SchemaField>> = {
  openai: 'response_format',
  vllm: 'structured_outputs',
  'llama.cpp': 'json_schema',
  ollama: 'format',
}
const FIELDS: readonly string[] = [...Object.values(FIELD_OF), 'guided_json', 'none']

/** Checks the settings. Throws `configuration`, without repeating a key. */
export function serverSettings(options: OpenAiCompatibleOptions): ServerSettings {
  const { api = 'auto', dialect = 'openai', logprobs = 'wanted', timeout = 30_000, maxAnswer = 4_194_304 } = options
  oneOf('dialect', dialect, Object.keys(FIELD_OF))
  const { schemaField = FIELD_OF[dialect] } = options
  oneOf('schemaField', schemaField, FIELDS)
  oneOf('api', api, ['chat', 'completions', 'auto'])
  oneOf('logprobs', logprobs, ['wanted', 'required', 'off'])
  wholeNumber('timeout', timeout, LONGEST_TIMEOUT)
  wholeNumber('maxAnswer', maxAnswer)
  if (options.context !== undefined) wholeNumber('context', options.context)
  if (typeof options.model !== 'string' || options.model === '')
    throw wrong('Name the model as the server calls it, under model.')
  return {
    ...{ model: options.model, api, dialect, schemaField, logprobs, timeout, maxAnswer },
    root: rootOf(options.url),
    headers: headersOf(options),
    context: options.context,
    extra: options.extra ?? {},
    fetch: options.fetch ?? fetch,
  }
}

function rootOf(text: string): URL {
  if (!URL.canParse(text)) throw wrong('Its url is not a URL; write for example http://127.0.0.1:8000/v1.')
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw wrong('Its url must begin with http:// or https://.')
  if (url.username !== '' || url.password !== '')
    throw wrong('Its url holds a password; give the key as apiKey instead.')
  if (url.search !== '' || url.hash !== '') throw wrong('Its url must end with the path, without ? and #.')
  url.pathname = url.pathname.replace(/\/+$/, '').replace(/\/v1(?:\/chat\/completions|\/completions)?$/, '')
  return url
}

/** An address below the root. */
export function addressOf(root: URL, path: string): URL {
  const url = new URL(root)
  url.pathname = `${root.pathname.replace(/\/$/, '')}${path}`
  return url
}

function headersOf({ apiKey, headers = {} }: OpenAiCompatibleOptions): Headers {
  try {
    const all = new Headers(headers)
    all.set('content-type', 'application/json')
    all.set('accept', 'application/json')
    if (apiKey !== undefined) all.set('authorization', `Bearer ${apiKey}`)
    return all
  } catch {
    // What is thrown quotes the value, which may be the key.
    throw wrong(
      'Its apiKey or one of its headers holds a character that no HTTP header may hold. Is there a line break in it?',
    )
  }
}

function oneOf(key: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value)) throw wrong(`Its ${key} must be one of ${allowed.join(', ')}.`)
}

function wholeNumber(key: string, value: number, most = Number.MAX_SAFE_INTEGER): void {
  if (!Number.isSafeInteger(value) || value < 1) throw wrong(`Its ${key} must be a whole number above 0.`)
  if (value > most) throw wrong(`Its ${key} must be at most ${most}.`)
}

function wrong(message: string): ParapetError {
  return new ParapetError('configuration', `The settings of a model server are wrong. ${message}`)
}
