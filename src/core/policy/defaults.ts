/** What holds when a policy is silent. Refusal texts are Parapet's own words, one for each language of the embedded guard. */
import type { ConversationPolicy, HardSetting, RecordPolicy, StreamPolicy } from '../../spec/index.ts'

export const DEFAULT_DEADLINES: { readonly stage: number; readonly guard: number } = { stage: 2000, guard: 1000 }
export const DEFAULT_CONVERSATION: Required<ConversationPolicy> = { messages: 8, roles: ['user', 'assistant', 'tool'] }
export const DEFAULT_STREAM: Required<StreamPolicy> = { mode: 'before', window: 512 }
export const DEFAULT_RECORD: Required<RecordPolicy> = {
  capture: 'none',
  retention: 30,
  mode: 'async',
  whenFull: 'refuse',
}
export const DEFAULT_CACHE: { readonly entries: number; readonly ttl: number } = { entries: 10_000, ttl: 600_000 }
export const DEFAULT_RETRIES = 1
export const DEFAULT_THRESHOLD = 0.5
/** Settings that narrower scopes cannot loosen unless the policy lists others under `hard`. */
export const DEFAULT_HARD: readonly HardSetting[] = ['onError', 'stream', 'shadow', 'media']

export const DEFAULT_REFUSALS: Readonly<Record<string, string>> = {
  default: 'I cannot help with this request.',
  en: 'I cannot help with this request.',
  de: 'Bei dieser Anfrage kann ich nicht helfen.',
  fr: 'Je ne peux pas répondre à cette demande.',
  es: 'No puedo ayudar con esta solicitud.',
  it: 'Non posso aiutare con questa richiesta.',
  pt: 'Não posso ajudar com este pedido.',
  zh: '我无法协助处理这个请求。',
  ja: 'このご要望にはお応えできません。',
  ko: '이 요청은 도와드릴 수 없습니다.',
  ar: 'لا يمكنني المساعدة في هذا الطلب.',
  hi: 'मैं इस अनुरोध में सहायता नहीं कर सकता।',
  ru: 'Я не могу помочь с этим запросом.',
}
