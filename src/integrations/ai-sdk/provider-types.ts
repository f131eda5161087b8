/**
 * The language-model interfaces of the AI SDK, versions 2, 3 and 4, from the real packages: types only, for use inside this folder.
 *
 * What users of this folder see is in `types.ts` and names no package, because an application has one of the three at most.
 */
import type * as V2 from 'ai-sdk-provider-v2'
import type * as V3 from 'ai-sdk-provider-v3'
import type * as V4 from 'ai-sdk-provider-v4'

export type AnyModel = V2.LanguageModelV2 | V3.LanguageModelV3 | V4.LanguageModelV4
export type AnyCallOptions =
  | V2.LanguageModelV2CallOptions
  | V3.LanguageModelV3CallOptions
  | V4.LanguageModelV4CallOptions
export type AnyPrompt = AnyCallOptions['prompt']
export type AnyMessage = AnyPrompt[number]
export type AnyMessagePart = Exclude<AnyMessage['content'], string>[number]
export type AnyToolOutput = Extract<AnyMessagePart, { type: 'tool-result' }>['output']
export type AnyToolOutputPart = Extract<AnyToolOutput, { type: 'content' }>['value'][number]

export type AnyStreamPart = V2.LanguageModelV2StreamPart | V3.LanguageModelV3StreamPart | V4.LanguageModelV4StreamPart
export type AnyContent = V2.LanguageModelV2Content | V3.LanguageModelV3Content | V4.LanguageModelV4Content
export type Metadata = NonNullable<V4.LanguageModelV4Text['providerMetadata']>
export type AnyCitations = readonly V4.LanguageModelV4Citation[]
export type AnyFinishReason = V2.LanguageModelV2FinishReason | V4.LanguageModelV4FinishReason
export type AnyUsage = Extract<AnyStreamPart, { type: 'finish' }>['usage']

/** What `doGenerate` answers. */
export type AnyGenerateResult = Awaited<ReturnType<AnyModel['doGenerate']>>
/** What `doStream` answers. */
export interface AnyStreamResult {
  readonly stream: ReadableStream<AnyStreamPart>
  readonly request?: { readonly body?: unknown }
  readonly response?: { readonly headers?: Record<string, string> }
}

/** One kind of stream part, in whatever version. */
export type PartOf<Type extends AnyStreamPart['type']> = Extract<AnyStreamPart, { type: Type }>

/** A model of any version, as it is called here: the versions differ only in the types above. */
export interface CallableModel {
  readonly specificationVersion: string
  readonly provider: string
  readonly modelId: string
  readonly supportedUrls: AnyModel['supportedUrls']
  doGenerate(options: AnyCallOptions): PromiseLike<AnyGenerateResult>
  doStream(options: AnyCallOptions): PromiseLike<AnyStreamResult>
}
