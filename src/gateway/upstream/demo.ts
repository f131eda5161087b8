/**
 * The upstream when none is configured: a small chat model in the process, so that the gateway can be tried without a model server.
 *
 * It has no wire format: its parts are bare, and every protocol can write bare parts. Tools, media, log-probabilities and tokens in
 * place of text say nothing to it.
 */
import type { JsonObject, JsonValue } from '../../contract/index.ts'
import type { GenerateOptions, GenerationPart, LanguageModelEngine, Message, StreamPart } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { COMPLETIONS } from '../protocols/completions/protocol.ts'
import type { Upstream, UpstreamCall } from './upstream.ts'

export const DEMO_MODEL = 'parapet-demo'

const MOST_CHOICES = 128
const MOST_TOKENS = 512
/** Each is looked for after every token. */
const MOST_STOPS = 16

export function createDemoUpstream(engine: LanguageModelEngine): Upstream {
  return {
    name: DEMO_MODEL,
    model: DEMO_MODEL,
    async open(call) {
      return answerParts(engine, optionsOf(call.body), call)
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
  options: GenerateOptions,
  { body, messages, protocol, signal }: UpstreamCall,
): AsyncGenerator<StreamPart> {
  const each = Math.min(MOST_CHOICES, Math.max(1, Math.floor(numberOf(body['n'], 1))))
  // Elsewhere a prompt is a field that nobody judges and nobody routes.
  const asked = askedIn(protocol.door === COMPLETIONS.door ? body : {}, messages)
  for (let choice = 0; choice < asked.length * each; choice += 1) {
    const { conversation, echoed } = asked[Math.floor(choice / each)] as Asked
    if (body['echo'] === true && echoed !== '') yield { type: 'text', choice, text: echoed }
    for await (const part of engine.generate(conversation, { ...options, seed: options.seed + choice, signal }))
      yield part.type === 'text'
        ? { type: 'text', choice, text: part.text }
        : { type: 'finish', choice, reason: part.reason, ...usageOf(part, choice % each === 0) }
  }
}

/** A prompt counts once, however many answers it gets. */
function usageOf({ usage }: Extract<GenerationPart, { type: 'end' }>, first: boolean): Pick<FinishPart, 'usage'> {
  if (usage === undefined) return {}
  return { usage: first ? usage : { ...usage, promptTokens: 0 } }
}

type FinishPart = Extract<StreamPart, { type: 'finish' }>

interface Asked {
  readonly conversation: readonly Message[]
  readonly echoed: string
}

/** A completions request may ask several things at once; each is answered as a user's message. */
function askedIn({ prompt }: JsonObject, messages: readonly Message[]): readonly Asked[] {
  if (prompt === undefined) return [{ conversation: messages, echoed: '' }]
  const texts = Array.isArray(prompt) && typeof prompt[0] !== 'number' ? prompt : [prompt]
  return texts.map((item: JsonValue) => {
    const text = typeof item === 'string' ? item : ''
    return { conversation: [{ role: 'user', content: text }], echoed: text }
  })
}

/** Without a temperature the likeliest token is taken each time: what the model knows has one right answer. */
function optionsOf(body: JsonObject): GenerateOptions {
  const most = body['max_completion_tokens'] ?? body['max_output_tokens'] ?? body['max_tokens']
  const topP = numberOf(body['top_p'], 1)
  return {
    maxTokens: Math.min(MOST_TOKENS, Math.max(1, Math.floor(numberOf(most, MOST_TOKENS)))),
    temperature: Math.min(2, Math.max(0, numberOf(body['temperature'], 0))),
    ...(topP > 0 && topP < 1 ? { topP } : {}),
    seed: numberOf(body['seed'], 1),
    stop: stopsOf(body['stop'] ?? body['stop_sequences']),
  }
}

function stopsOf(value: JsonValue | undefined): readonly string[] {
  const stops = (Array.isArray(value) ? value : [value]).filter(
    (stop): stop is string => typeof stop === 'string' && stop !== '',
  )
  if (stops.length <= MOST_STOPS) return stops
  throw new ParapetError('input_invalid', `The demo model looks for at most ${MOST_STOPS} stop texts.`)
}

function numberOf(value: unknown, fallback: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : fallback
}
