/**
 * A model behind an OpenAI-compatible server as an engine: OpenAI, vLLM, the llama.cpp server, Ollama and others. One call, one request:
 * trying again, limits and budgets are `engines/calls`.
 */
import type { ChatPrompt, Completion, CompletionEngine, CompletionRequest } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { engineFailure } from '../calls/failure.ts'
import { timeOf } from '../calls/timed-call.ts'
import { chatCompletions } from './chat-completions.ts'
import { llamaCppCompletion } from './llama-cpp.ts'
import { ollamaChat, ollamaGenerate } from './ollama.ts'
import type { OpenAiCompatibleOptions, ServerDialect, ServerSettings } from './options.ts'
import { addressOf, serverSettings } from './options.ts'
import { postJson } from './post-json.ts'
import { textCompletions } from './text-completions.ts'
import type { ChatForm, TextForm, WireForm, WireQuestion } from './wire-form.ts'

interface Dialect {
  readonly chat: ChatForm
  readonly text: TextForm
  /** Whether variables of a chat template can be handed on. */
  readonly templateOptions: boolean
}

const DIALECTS: Readonly<Record<ServerDialect, Dialect>> = {
  openai: { chat: chatCompletions, text: textCompletions, templateOptions: false },
  vllm: { chat: chatCompletions, text: textCompletions, templateOptions: true },
  'llama.cpp': { chat: chatCompletions, text: llamaCppCompletion, templateOptions: true },
  ollama: { chat: ollamaChat, text: ollamaGenerate, templateOptions: false },
}

const MOST_CANDIDATES = 20

/**
 * Creates the engine; nothing is asked yet.
 *
 * @throws ParapetError `configuration`
 */
export function createOpenAiCompatibleEngine(options: OpenAiCompatibleOptions): CompletionEngine {
  const settings = serverSettings(options)
  const { root, model, dialect, api, schemaField, logprobs, context, extra } = settings
  return {
    specVersion: 'v1',
    kind: 'completion',
    id: `${model} at ${root.host}`,
    version: JSON.stringify([root.href, model, dialect, api, schemaField, logprobs, context ?? null, extra]),
    async complete(request, call = {}) {
      const form = wireForm(request, settings)
      const own = { ...settings, timeout: timeOf(call, settings.timeout) }
      const answer = await postJson(addressOf(root, form.path), body(form, settings), own, call.signal)
      return checked(form.read(answer), request, settings)
    },
  }
}

/** The request in the words of the server. Throws `configuration` where it has none for it, `input_invalid` for a broken request. */
function wireForm(request: CompletionRequest, settings: ServerSettings): WireForm {
  const { chat, completion, ...rest } = request
  const { dialect, api, logprobs } = settings
  const forms = DIALECTS[dialect]
  if (!Number.isSafeInteger(request.maxTokens) || request.maxTokens < 1)
    throw new ParapetError('input_invalid', 'A completion needs maxTokens, a whole number above 0.')
  const wanted = logprobs === 'off' ? 0 : (request.topLogprobs ?? 0)
  const question: WireQuestion = { ...rest, candidates: Math.max(0, Math.min(MOST_CANDIDATES, Math.floor(wanted))) }
  if (api !== 'completions' && chat !== null && canRender(chat, forms)) return forms.chat(chat, question, settings)
  if (api !== 'chat' && completion !== null) return forms.text(completion, question, settings)
  throw new ParapetError('configuration', `This cannot be asked of ${settings.model}. ${whyNot(request, settings)}`)
}

function canRender({ templateOptions }: ChatPrompt, forms: Dialect): boolean {
  return templateOptions === undefined || forms.templateOptions
}

function whyNot({ chat, completion }: CompletionRequest, { api, dialect }: ServerSettings): string {
  if (api !== 'completions' && chat !== null)
    return `It sets variables of a chat template, which the dialect ${dialect} cannot hand on. Use vllm or llama.cpp.`
  if (api === 'chat' && completion !== null) return 'It has no chat form. Set api to completions or auto.'
  return 'It has no raw prompt. Set api to chat or auto.'
}

function body(form: WireForm, { extra }: ServerSettings): unknown {
  return Object.fromEntries(Object.entries({ ...form.body, ...extra }).filter(([, value]) => value !== null))
}

function checked(completion: Completion, request: CompletionRequest, { logprobs }: ServerSettings): Completion {
  const asked = (request.topLogprobs ?? 0) > 0
  if (asked && logprobs === 'required' && completion.tokens === null) {
    const help = 'Use a server that gives logprobs, or set logprobs to wanted and judge by the words alone.'
    throw engineFailure(
      'no_logprobs',
      `The model server gave no token probabilities although they were asked for. ${help}`,
    )
  }
  return asked ? completion : { ...completion, tokens: null }
}
