/**
 * The door to `node-llama-cpp`, an optional peer that is imported when a model is first asked: the part of its public interface that is
 * used, so that nobody needs it installed to compile. Nothing is built or downloaded here; the package's own binaries are used.
 */
import { ParapetError } from '../../spec/index.ts'

export type Token = number

/** What a position of a prompt is asked for: `logits` of the likeliest tokens, and the sum of all weights relative to the best. */
export interface TokenQuestion {
  readonly generateNext: {
    readonly token: true
    readonly logits: { readonly filter: { readonly tokens: readonly Token[]; readonly includeTop: number } }
    readonly totalLogitWeight: true
  }
}

export interface TokenAnswer {
  readonly next: {
    readonly token?: Token | null
    /** By token, highest first. */
    readonly logits?: ReadonlyMap<Token, number>
    /** Sum of exp(logit − highest logit) over the whole vocabulary. */
    readonly totalLogitWeight?: number
  }
}

export interface SamplingOptions {
  readonly temperature: number
  readonly topK: number
  readonly topP: number
  readonly minP: number
  readonly seed: number
  readonly grammarEvaluationState?: object
}

export interface LlamaSequence {
  readonly nextTokenIndex: number
  /** Forgets what does not agree with the tokens; may forget more, where a model cannot go back. */
  adaptStateToTokens(tokens: readonly Token[], allowShift: boolean): Promise<void>
  clearHistory(): Promise<void>
  evaluateWithoutGeneratingNewTokens(tokens: readonly Token[]): Promise<void>
  controlledEvaluate(
    input: readonly (Token | readonly [Token, TokenQuestion])[],
  ): Promise<readonly (TokenAnswer | undefined)[]>
  evaluateWithMetadata(
    tokens: readonly Token[],
    metadata: { readonly probabilities: boolean },
    options: SamplingOptions,
  ): AsyncIterable<{ readonly token: Token; readonly probabilities?: ReadonlyMap<Token, number> }>
}

export interface LlamaContext {
  getSequence(): LlamaSequence
}

export interface LlamaModel {
  readonly trainContextSize: number
  readonly fileInfo: { readonly metadata?: { readonly tokenizer?: { readonly chat_template?: unknown } } }
  readonly tokens: {
    readonly bos: Token | null
    readonly bosString: string | null
    readonly eosString: string | null
    readonly shouldPrependBosToken: boolean
  }
  tokenize(text: string, specialTokens: boolean, options?: 'trimLeadingSpace'): readonly Token[]
  detokenize(tokens: readonly Token[], specialTokens: boolean, lastTokens?: readonly Token[]): string
  getTokenAttributes(token: Token): { readonly control: boolean; readonly userDefined: boolean }
  iterateAllTokens(): Iterable<Token>
  isEogToken(token: Token): boolean
  createContext(options: {
    readonly contextSize: number
    readonly sequences: number
    readonly threads: number
    readonly batchSize: number
    readonly flashAttention: 'auto' | false
    readonly swaFullCache: true
  }): Promise<LlamaContext>
}

export interface Llama {
  loadModel(options: { readonly modelPath: string; readonly gpuLayers?: number }): Promise<LlamaModel>
  createGrammarForJsonSchema(schema: object): Promise<object>
  dispose(): Promise<void>
}

export interface LlamaModule {
  getLlama(options: {
    readonly gpu: 'auto' | false
    readonly build: 'never'
    readonly skipDownload: true
    readonly progressLogs: false
    readonly maxThreads: number
    readonly logLevel: 'error'
    readonly logger: (level: string, message: string) => void
  }): Promise<Llama>
  readonly LlamaGrammarEvaluationState: new (options: {
    readonly model: LlamaModel
    readonly grammar: object
  }) => object
}

const PACKAGE: string = 'node-llama-cpp'

/** Imports the package, or whatever `load` gives in its place. Rejects with `engine_unavailable`, which says what to install. */
export async function loadNodeLlamaCpp(load: (() => Promise<unknown>) | undefined): Promise<LlamaModule> {
  let module: Partial<LlamaModule>
  try {
    module = (await (load === undefined ? import(PACKAGE) : load())) as Partial<LlamaModule>
  } catch (cause) {
    throw new ParapetError(
      'engine_unavailable',
      `A GGUF file needs the package ${PACKAGE}, which is not installed or does not load here. Run: npm install ${PACKAGE}@3`,
      { cause },
    )
  }
  if (typeof module.getLlama !== 'function' || typeof module.LlamaGrammarEvaluationState !== 'function')
    throw new ParapetError(
      'engine_unavailable',
      `This ${PACKAGE} is not the version that is known here. Run: npm install ${PACKAGE}@3`,
    )
  return module as LlamaModule
}
