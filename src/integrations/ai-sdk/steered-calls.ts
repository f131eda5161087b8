/**
 * One routed call of a model of the AI SDK, whole or streaming. Plain and refusing answers pass as they come; a guided one is text
 * alone: no tools are offered, and reasoning about the rules, structured output and the package's metadata of it stay out. Tokens are those
 * of both calls.
 */
import { routedPrompt } from '../../core/stream/index.ts'
import type { CompletionUsage, GenerationPart, LanguageModelEngine, RoutePlan, Router } from '../../spec/index.ts'
import { answerFinish } from './finish.ts'
import { translatePrompt } from './prompt.ts'
import type {
  AnyCallOptions,
  AnyContent,
  AnyGenerateResult,
  AnyMessage,
  AnyMessagePart,
  AnyPrompt,
  AnyStreamPart,
  AnyStreamResult,
  CallableModel,
  PartOf,
} from './provider-types.ts'
import type { SpecificationVersion } from './types.ts'
import { plusTokens, tokensOf } from './usage.ts'

export type SteeredModel = Pick<CallableModel, 'specificationVersion' | 'doGenerate' | 'doStream'>

/** The model behind a router, told of each route that is taken. */
export function steered(model: SteeredModel, router: Router, onRoute?: (plan: RoutePlan) => void): SteeredModel {
  const begin = async (params: AnyCallOptions): Promise<{ plan: RoutePlan; prepared: AnyCallOptions }> => {
    const { messages } = translatePrompt(params.prompt)
    const { abortSignal: signal } = params
    const engine = engineOf(model, params)
    const plan = await router.route({ messages, engine, ...(signal === undefined ? {} : { signal }) })
    onRoute?.(plan)
    return { plan, prepared: withPlan(params, plan, messages) }
  }
  const version = model.specificationVersion as SpecificationVersion
  return {
    specificationVersion: version,
    async doGenerate(params) {
      const { plan, prepared } = await begin(params)
      if (plan.words !== null) return ownAnswer(version, plan.words, plan.usage)
      return wholeAnswer(version, await model.doGenerate(prepared), plan)
    },
    async doStream(params) {
      const { plan, prepared } = await begin(params)
      if (plan.words !== null) return ownStream(version, plan.words, plan.usage)
      const answer = await model.doStream(prepared)
      return { ...answer, stream: answer.stream.pipeThrough(new TransformStream(readerOf(version, plan))) }
    },
  }
}

function engineOf(model: SteeredModel, { headers, providerOptions }: AnyCallOptions): LanguageModelEngine {
  return {
    ...{ specVersion: 'v1', kind: 'language-model', id: 'ai-sdk' },
    async *generate(messages, { maxTokens, temperature, signal }): AsyncGenerator<GenerationPart, void, undefined> {
      const answer = await model.doGenerate({
        prompt: messages.map(({ role, content }) =>
          wireMessage(role === 'assistant' || role === 'system' ? role : 'user', String(content)),
        ),
        ...{ maxOutputTokens: maxTokens, temperature, headers, providerOptions },
        ...(signal === undefined ? {} : { abortSignal: signal }),
      } as AnyCallOptions)
      yield { type: 'text', text: textOf(answer.content) }
      const usage = tokensOf(answer.usage)
      yield { type: 'end', reason: 'stop', ...(usage === undefined ? {} : { usage }) }
    },
  }
}

/** Tools, schemas and stop texts are for plain answers: they would break a guided one's form, and a refusal has no use for them. */
function withPlan(
  params: AnyCallOptions,
  plan: RoutePlan,
  given: ReturnType<typeof translatePrompt>['messages'],
): AnyCallOptions {
  const prompt = routedPrompt<AnyMessage>(plan, given, {
    messages: params.prompt,
    isSystem: ({ role }) => role === 'system',
    write: (role, text, like) => wireMessage(role, text, plan.path === 'plain' ? like : filesOf(like)),
  })
  const routed = { ...params, prompt: prompt as AnyPrompt } as AnyCallOptions
  if (plan.path === 'plain') return routed
  const { tools: _tools, toolChoice: _choice, responseFormat: _format, stopSequences: _stops, ...rest } = routed
  if (rest.maxOutputTokens === undefined) return rest
  return { ...rest, maxOutputTokens: rest.maxOutputTokens + plan.extraTokens }
}

function wireMessage(role: 'system' | 'user' | 'assistant', text: string, like?: AnyMessage): AnyMessage {
  if (role === 'system') return { role, content: text }
  const beside = like === undefined || typeof like.content === 'string' ? [] : like.content
  const kept = (beside as readonly AnyMessagePart[]).filter(({ type }) => type !== 'text')
  return { ...like, role, content: [{ type: 'text', text }, ...kept] } as AnyMessage
}

/** Of a message, its files: results of tools have no place without their calls. */
function filesOf(like: AnyMessage | undefined): AnyMessage | undefined {
  if (like === undefined || typeof like.content === 'string') return undefined
  const files = (like.content as readonly AnyMessagePart[]).filter(({ type }) => type === 'file')
  return { role: 'user', content: files } as AnyMessage
}

function textOf(content: readonly AnyContent[]): string {
  return content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('')
}

function wholeAnswer(version: SpecificationVersion, answer: AnyGenerateResult, plan: RoutePlan): AnyGenerateResult {
  const reader = plan.reader()
  const text = reader.push(textOf(answer.content)) + reader.end(tokensOf(answer.usage))
  const usage = plusTokens(version, answer.usage, plan.usage)
  if (plan.path !== 'guided') return { ...answer, usage } as AnyGenerateResult
  const {
    structuredOutputText: _text,
    providerMetadata: _metadata,
    ...rest
  } = answer as AnyGenerateResult & { structuredOutputText?: string }
  return { ...rest, content: [{ type: 'text', text }], usage } as AnyGenerateResult
}

function ownAnswer(version: SpecificationVersion, text: string, told?: CompletionUsage): AnyGenerateResult {
  const { finishReason, usage } = answerFinish(version, told)
  return { content: [{ type: 'text', text }], finishReason, usage, warnings: [] } as unknown as AnyGenerateResult
}

function ownStream(version: SpecificationVersion, text: string, told?: CompletionUsage): AnyStreamResult {
  const parts = [{ type: 'stream-start', warnings: [] }, ...block(text), answerFinish(version, told)] as AnyStreamPart[]
  const stream = new ReadableStream<AnyStreamPart>({
    start(to) {
      for (const part of parts) to.enqueue(part)
      to.close()
    },
  })
  return { stream }
}

const BLOCK = 'routed'

function block(text: string): AnyStreamPart[] {
  return [
    { type: 'text-start', id: BLOCK },
    { type: 'text-delta', id: BLOCK, delta: text },
    { type: 'text-end', id: BLOCK },
  ]
}

/** Parts that hold no words of the answer. */
const BESIDE: readonly string[] = ['stream-start', 'response-metadata', 'error']

function readerOf(version: SpecificationVersion, plan: RoutePlan): Transformer<AnyStreamPart, AnyStreamPart> {
  const reader = plan.reader()
  let [begun, ended] = [false, false]
  const say = (text: string, to: TransformStreamDefaultController<AnyStreamPart>): void => {
    if (text === '') return
    if (!begun) to.enqueue({ type: 'text-start', id: BLOCK })
    begun = true
    to.enqueue({ type: 'text-delta', id: BLOCK, delta: text })
  }
  const end = (to: TransformStreamDefaultController<AnyStreamPart>, usage?: CompletionUsage): void => {
    if (ended) return
    ended = true
    const rest = reader.end(usage)
    if (plan.path !== 'guided') return
    say(rest, to)
    if (begun) to.enqueue({ type: 'text-end', id: BLOCK })
  }
  return {
    transform(given, to) {
      if (given.type === 'finish') end(to, tokensOf(given.usage))
      const part = given.type === 'finish' ? withTokens(version, given, plan.usage) : given
      const text = part.type === 'text-delta' ? reader.push(part.delta) : ''
      if (plan.path !== 'guided') to.enqueue(part)
      else if (part.type === 'text-delta') say(text, to)
      else if (part.type === 'finish') {
        const { providerMetadata: _metadata, ...rest } = part
        to.enqueue(rest)
      } else if (BESIDE.includes(part.type)) to.enqueue(part)
    },
    flush: (to) => end(to),
  }
}

function withTokens(
  version: SpecificationVersion,
  part: PartOf<'finish'>,
  more: CompletionUsage | undefined,
): PartOf<'finish'> {
  return { ...part, usage: plusTokens(version, part.usage, more) } as PartOf<'finish'>
}
