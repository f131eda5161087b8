/**
 * The two ways to put a Parapet around a model of the AI SDK: `guardModel`, which needs nothing else, and `guardMiddleware` for
 * `wrapLanguageModel`. Both do the same.
 */
import { generateGuarded, streamGuarded, versionOf } from './guarded-calls.ts'
import type { Call } from './guarded-calls.ts'
import type { Router } from '../../spec/index.ts'
import type { CallableModel } from './provider-types.ts'
import { steered } from './steered-calls.ts'
import type {
  GuardedModel,
  GuardMiddleware,
  GuardOptions,
  MiddlewareCall,
  ModelLike,
  SpecificationVersion,
  TurnGuard,
} from './types.ts'

/**
 * Guards a model of any provider: `guardModel(openai('gpt-5'), parapet)`. The result goes wherever the model went.
 * @throws ParapetError `configuration` when it is no model object of interface v2, v3 or v4
 */
export function guardModel<M extends ModelLike>(
  model: M,
  guard: TurnGuard,
  options: GuardOptions = {},
): GuardedModel<M> {
  versionOf(model)
  const inner = model as unknown as CallableModel
  const callWith = (params: unknown): Call => ({ guard, options, model: inner, params: params as Call['params'] })
  const guarded: CallableModel = {
    specificationVersion: inner.specificationVersion,
    get provider() {
      return inner.provider
    },
    get modelId() {
      return inner.modelId
    },
    get supportedUrls() {
      return inner.supportedUrls
    },
    doGenerate: (params) => generateGuarded(callWith(params)),
    doStream: (params) => streamGuarded(callWith(params)),
  }
  return guarded as unknown as GuardedModel<M>
}

/**
 * Puts a model of any provider behind a router, without judging anything. A Parapet that has a router needs no such model: what it
 * guards is routed already.
 * @throws ParapetError `configuration` when it is no model object of interface v2, v3 or v4
 */
export function steerModel<M extends ModelLike>(model: M, router: Router): GuardedModel<M> {
  versionOf(model)
  const inner = model as unknown as CallableModel
  const { doGenerate, doStream } = steered(inner, router)
  const routed: CallableModel = {
    specificationVersion: inner.specificationVersion,
    get provider() {
      return inner.provider
    },
    get modelId() {
      return inner.modelId
    },
    get supportedUrls() {
      return inner.supportedUrls
    },
    ...{ doGenerate, doStream },
  }
  return routed as unknown as GuardedModel<M>
}

/**
 * A middleware for `wrapLanguageModel({ model, middleware })` of the AI SDK 5, 6 and 7. Put it last, next to the model: then it
 * judges what the model is really asked.
 * @param options `specificationVersion` is what the middleware says it is; the model decides what it does
 */
export function guardMiddleware<Version extends SpecificationVersion = 'v3'>(
  guard: TurnGuard,
  options: GuardOptions & { readonly specificationVersion?: Version } = {},
): GuardMiddleware<Version> {
  const callWith = <P, G, S>({ model, params }: MiddlewareCall<P, G, S>): Call => {
    versionOf(model)
    return { guard, options, model: model as unknown as CallableModel, params: params as Call['params'] }
  }
  return {
    specificationVersion: options.specificationVersion ?? ('v3' as Version),
    middlewareVersion: 'v2',
    wrapGenerate: async <P, G, S>(call: MiddlewareCall<P, G, S>) =>
      (await generateGuarded(callWith(call))) as unknown as G,
    wrapStream: async <P, G, S>(call: MiddlewareCall<P, G, S>) => (await streamGuarded(callWith(call))) as unknown as S,
  }
}
