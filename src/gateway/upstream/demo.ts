/**
 * The upstream when none is configured: the built-in n-gram language model, sampled token by token. It is there so that the
 * gateway can be tried without a model server; it answers in sentences without sense and says so first.
 *
 * It has no wire format: its parts are bare, and every protocol can write bare parts.
 */
import type { JsonObject, JsonValue } from '../../contract/index.ts'
import type { LanguageModelEngine, Message, StreamPart } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import type { Upstream, UpstreamCall } from './upstream.ts'

export interface DemoUpstreamOptions {
  /** What the model says of itself before it answers. */
  readonly preamble?: string
}

export const DEMO_MODEL = 'parapet-demo'

const PREAMBLE = 'This is the Parapet demo model, a small n-gram sampler without understanding. '

export function createDemoUpstream(engine: LanguageModelEngine, options: DemoUpstreamOptions = {}): Upstream {
  const { preamble = PREAMBLE } = options
  return {
    name: DEMO_MODEL,
    model: DEMO_MODEL,
    async open(call) {
      return answerParts(engine, preamble, call)
    },
    async json({ endpoint }) {
      if (endpoint === '/models') {
        return { object: 'list', data: [{ id: DEMO_MODEL, object: 'model', created: 0, owned_by: 'parapet' }] }
      }
      throw new ParapetError(
        'engine_unavailable',
        'The demo model has no such interface; give the gateway a model server with --upstream.',
      )
    },
  }
}

async function* answerParts(
  engine: LanguageModelEngine,
  preamble: string,
  { body, messages, signal }: UpstreamCall,
): AsyncGenerator<StreamPart> {
  const limit = maxTokens(body)
  const temperature = Math.min(2, Math.max(0, numberOf(body['temperature'], 0.8)))
  const each = Math.min(128, numberOf(body['n'], 1))
  const prompts = promptsOf(body, messages)
  for (let choice = 0; choice < prompts.length * each; choice += 1) {
    const prompt = prompts[Math.floor(choice / each)] ?? ''
    if (body['echo'] === true) yield { type: 'text', choice, text: prompt }
    if (preamble !== '') yield { type: 'text', choice, text: preamble }
    const seed = numberOf(body['seed'], 1) + choice
    let tokens = 0
    for await (const text of engine.generate(prompt, { maxTokens: limit, temperature, seed, signal })) {
      tokens += 1
      yield { type: 'text', choice, text }
    }
    yield { type: 'finish', choice, reason: tokens >= limit ? 'length' : 'stop' }
  }
}

/** A completions request may ask several things at once; tokens say nothing to this model. */
function promptsOf({ prompt }: JsonObject, messages: readonly Message[]): readonly string[] {
  if (typeof prompt === 'string') return [prompt]
  if (!Array.isArray(prompt)) return [lastUserText(messages)]
  if (typeof prompt[0] === 'number') return ['']
  return prompt.map((item: JsonValue) => (typeof item === 'string' ? item : ''))
}

function maxTokens(body: JsonObject): number {
  const wanted = body['max_completion_tokens'] ?? body['max_output_tokens'] ?? body['max_tokens']
  return Math.min(512, Math.max(1, Math.floor(numberOf(wanted, 64))))
}

function numberOf(value: unknown, fallback: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : fallback
}

function lastUserText(messages: readonly Message[]): string {
  const content = messages.findLast(({ role }) => role === 'user')?.content ?? ''
  if (typeof content === 'string') return content
  return content.map((part) => (part.type === 'text' ? part.text : '')).join('\n')
}
