/** Settings of an engine over the AI SDK, checked once. What a provider supports is found out only by asking it. */
import { createHash } from 'node:crypto'
import type { AiSdkModel, CallableModel, ProviderOptions } from './model.ts'
import { callable, wrong } from './model.ts'

export interface AiSdkOptions {
  /** A language model of any provider, for example `openai('gpt-5-mini')` from `@ai-sdk/openai`. */
  readonly model: AiSdkModel
  /** Milliseconds for a whole call; for a stream, until it begins and between its parts. Default 30,000. */
  readonly timeout?: number
  /** Handed to the provider with every call, by provider. */
  readonly providerOptions?: ProviderOptions
  /** Sent with every request, for providers that speak HTTP. */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * Other options of a call over those written here, such as `{ maxOutputTokens: 2000, temperature: null }` for a model that thinks
   * first; null takes one out. Prompt and signal stay as they are.
   */
  readonly extra?: Readonly<Record<string, unknown>>
}

export interface AiSdkEngineOptions extends AiSdkOptions {
  /** `required`: an answer without the token probabilities asked for is a failure. `off`: none are asked for. Default `wanted`. */
  readonly logprobs?: 'wanted' | 'required' | 'off'
  /**
   * How the provider is asked for probabilities of so many candidates. Known by itself for OpenAI and Azure; other providers are not
   * asked without it. Their answers are looked for in `providerMetadata.*.logprobs` and in the body of an OpenAI-compatible answer.
   */
  readonly logprobsOptions?: (candidates: number) => ProviderOptions
  /** `off`: the provider is not told the schema; the answer is read strictly all the same. Default `send`. */
  readonly schema?: 'send' | 'off'
  /** How variables of a chat template are handed on. Without it a request that sets some is refused. */
  readonly templateOptions?: (variables: Readonly<Record<string, unknown>>) => ProviderOptions
  /** Part of the engine's `version`. Change it with what the model object does not show: its base URL, a deployment. */
  readonly revision?: string
}

export interface EngineSettings extends Omit<AiSdkEngineOptions, 'model' | 'timeout' | 'logprobs' | 'schema'> {
  readonly model: CallableModel
  readonly timeout: number
  readonly logprobs: 'wanted' | 'required' | 'off'
  readonly schema: 'send' | 'off'
}

/** Milliseconds of the longest timer; a longer one would end at once. */
const LONGEST_TIMEOUT = 2_147_483_647

/** Checks the settings. Throws `configuration`. */
export function engineSettings(options: AiSdkEngineOptions): EngineSettings {
  const { timeout = 30_000, logprobs = 'wanted', schema = 'send' } = options
  const model = callable(options.model)
  if (!Number.isSafeInteger(timeout) || timeout < 1 || timeout > LONGEST_TIMEOUT)
    throw wrong(`Its timeout must be a whole number from 1 to ${LONGEST_TIMEOUT}.`)
  if (!['wanted', 'required', 'off'].includes(logprobs)) throw wrong('Its logprobs must be wanted, required or off.')
  if (!['send', 'off'].includes(schema)) throw wrong('Its schema must be send or off.')
  const logprobsOptions = options.logprobsOptions ?? logprobsOptionsOf(model.provider)
  if (logprobs === 'required' && logprobsOptions === undefined)
    throw wrong(`How ${model.provider} is asked for token probabilities is not known; say it in logprobsOptions.`)
  return {
    ...{ ...options, model, timeout, logprobs, schema },
    ...(logprobsOptions === undefined ? {} : { logprobsOptions }),
  }
}

/** OpenAI's chat, completions and Responses models take a number under their own name; on Azure the name depends on the interface. */
function logprobsOptionsOf(provider: string): EngineSettings['logprobsOptions'] {
  if (/^azure(?:[.-]|$)/.test(provider)) return (logprobs) => ({ openai: { logprobs }, azure: { logprobs } })
  if (/^openai(?:\.|$)/.test(provider)) return (logprobs) => ({ openai: { logprobs } })
  return undefined
}

/** Changes with every setting that could change an answer. A hash, because provider options may hold keys. */
export function versionOf({ model, logprobs, schema, extra, providerOptions, revision }: EngineSettings): string {
  const { specificationVersion, provider, modelId } = model
  const facts = [specificationVersion, logprobs, schema, extra ?? null, providerOptions ?? null, revision ?? null]
  return `${provider}/${modelId} ${createHash('sha256').update(asJson(facts)).digest('hex').slice(0, 16)}`
}

function asJson(facts: readonly unknown[]): string {
  try {
    return JSON.stringify(facts)
  } catch {
    throw wrong('Its extra and providerOptions must be values that JSON can hold.')
  }
}
