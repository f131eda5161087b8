/** A question in the words of the AI SDK's provider interface. */
import type { ChatPrompt, CompletionRequest } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { strictSchema } from '../openai-compatible/schema-field.ts'
import { isRecord } from '../openai-compatible/wire.ts'
import type { AiSdkCall, AiSdkMessage, ProviderOptions } from './model.ts'
import type { AiSdkOptions, EngineSettings } from './options.ts'

/** OpenAI's own limit. */
const MOST_CANDIDATES = 20

/**
 * The call without its signal.
 *
 * @throws ParapetError `configuration` where the interface has no words for the request, `input_invalid` for a broken one
 */
export function callOf(request: CompletionRequest, settings: EngineSettings): Omit<AiSdkCall, 'abortSignal'> {
  const { chat, stop, maxTokens, seed, schema, temperature = 0 } = request
  if (!Number.isSafeInteger(maxTokens) || maxTokens < 1)
    throw new ParapetError('input_invalid', 'A completion needs maxTokens, a whole number above 0.')
  if (chat === null) throw cannotAsk(settings, 'It has only a raw prompt, and the AI SDK asks in the form of a chat.')
  const asked = schema === undefined || settings.schema === 'off' ? undefined : strictSchema(schema)
  return finished(
    {
      ...{ prompt: chat.messages.map(({ role, content }) => messageOf(role, content)) },
      ...{ maxOutputTokens: maxTokens, temperature },
      ...(seed === undefined ? {} : { seed }),
      ...(stop.length === 0 ? {} : { stopSequences: [...stop] }),
      ...(isRecord(asked) ? { responseFormat: { type: 'json', schema: asked, name: 'answer' } } : {}),
    },
    settings,
    [logprobsOf(request, settings), templateOf(chat, settings)],
  )
}

/** Adds what the settings say of every call. */
export function finished(
  call: Omit<AiSdkCall, 'abortSignal'>,
  { headers, extra, providerOptions }: Pick<AiSdkOptions, 'headers' | 'extra' | 'providerOptions'>,
  more: readonly (ProviderOptions | undefined)[] = [],
): Omit<AiSdkCall, 'abortSignal'> {
  // The caller's own come last, and win.
  const own = merged([...more, providerOptions])
  const whole = {
    ...call,
    ...(headers === undefined ? {} : { headers }),
    ...(Object.keys(own).length === 0 ? {} : { providerOptions: own }),
    ...extra,
  }
  const kept = Object.entries(whole).filter(([key, value]) => value !== null && key !== 'abortSignal')
  return { ...Object.fromEntries(kept), prompt: call.prompt }
}

export function messageOf(role: AiSdkMessage['role'], text: string): AiSdkMessage {
  return role === 'system' ? { role, content: text } : { role, content: [{ type: 'text', text }] }
}

function logprobsOf({ topLogprobs = 0 }: CompletionRequest, settings: EngineSettings): ProviderOptions | undefined {
  const candidates = Math.min(MOST_CANDIDATES, Math.floor(topLogprobs))
  return settings.logprobs === 'off' || candidates < 1 ? undefined : settings.logprobsOptions?.(candidates)
}

function templateOf({ templateOptions }: ChatPrompt, settings: EngineSettings): ProviderOptions | undefined {
  if (templateOptions === undefined) return undefined
  if (settings.templateOptions === undefined)
    throw cannotAsk(
      settings,
      'It sets variables of a chat template; say in templateOptions how the provider takes them.',
    )
  return settings.templateOptions(templateOptions)
}

/** Options of several origins, the later over the earlier. */
function merged(all: readonly (ProviderOptions | undefined)[]): ProviderOptions {
  const whole: Record<string, Readonly<Record<string, unknown>>> = {}
  for (const one of all)
    for (const [provider, options] of Object.entries(one ?? {})) whole[provider] = { ...whole[provider], ...options }
  return whole
}

function cannotAsk({ model }: EngineSettings, why: string): ParapetError {
  return new ParapetError('configuration', `This cannot be asked of ${model.modelId}. ${why}`)
}
