/**
 * Language models of the AI SDK's providers by their form: version 2, 3 and 4 of the provider interface (SDK 5, 6 and 7) are called alike
 * and differ in a few fields of their answers. No package of the SDK is needed, for types neither.
 */
import { ParapetError } from '../../spec/index.ts'

/** Options and metadata of providers: by provider, then by name. */
export type ProviderOptions = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** A model as `openai('gpt-5')` and the like make it. */
export interface AiSdkModel {
  readonly specificationVersion: string
  readonly provider: string
  readonly modelId: string
  // Options of each version differ; what is handed in is common to all.
  doGenerate(options: never): PromiseLike<object>
  doStream(options: never): PromiseLike<{ readonly stream: ReadableStream<unknown> }>
}

/** What is asked, in the words that all versions share. */
export interface AiSdkCall {
  readonly prompt: readonly AiSdkMessage[]
  readonly abortSignal: AbortSignal
  readonly maxOutputTokens?: number
  readonly temperature?: number
  readonly topP?: number
  readonly seed?: number
  readonly stopSequences?: readonly string[]
  readonly responseFormat?: {
    readonly type: 'json'
    readonly schema: Readonly<Record<string, unknown>>
    readonly name: string
  }
  readonly headers?: Readonly<Record<string, string>>
  readonly providerOptions?: ProviderOptions
}

export type AiSdkMessage =
  | { readonly role: 'system'; readonly content: string }
  | {
      readonly role: 'user' | 'assistant'
      readonly content: readonly { readonly type: 'text'; readonly text: string }[]
    }

/** The same model, as it is called here. */
export interface CallableModel extends Pick<AiSdkModel, 'specificationVersion' | 'provider' | 'modelId'> {
  doGenerate(call: AiSdkCall): PromiseLike<unknown>
  doStream(call: AiSdkCall): PromiseLike<{ readonly stream: ReadableStream<unknown> }>
}

const VERSIONS: readonly string[] = ['v2', 'v3', 'v4']

/**
 * Looks at what was handed in as a model.
 *
 * @throws ParapetError `configuration` for a name, for nothing, and for a version that is not known here
 */
export function callable(model: AiSdkModel): CallableModel {
  const given: unknown = model
  if (typeof given === 'string')
    throw wrong('Hand in a model object such as openai("gpt-5"): a plain name is resolved inside the SDK only.')
  if (typeof given !== 'object' || given === null || !('doGenerate' in given) || !('doStream' in given))
    throw wrong('Hand in what a provider makes, such as openai("gpt-5"): this is no language model.')
  if (!VERSIONS.includes(model.specificationVersion))
    throw wrong(
      `The model speaks version ${model.specificationVersion} of the provider interface; known are ${VERSIONS.join(', ')}. Use a provider for the AI SDK 5, 6 or 7.`,
    )
  return model
}

export function wrong(message: string): ParapetError {
  return new ParapetError('configuration', `The settings of a model of the AI SDK are wrong. ${message}`)
}
