/**
 * Which chat template a model has, as far as a trainer must know: ChatML, one that marks its answers (`{% generation %}`), or another.
 * Told by rendering, so that spelling does not count. It changes no template but writes the ChatML one with marks.
 */
import { CHATML_TEMPLATE, type ChatMessage, compileTemplate } from '../../nn/tokenizer/chat-template.ts'

/** `unknown`: no template was seen, as of a model that is only named. */
export type ChatTemplateKind = 'chatml' | 'marked' | 'other' | 'unknown'

/**
 * ChatML with the marks by which transformers finds the tokens of answers. The end token and the line end count as part of the answer,
 * as in `encodeConversation`. Without marks it renders as `CHATML_TEMPLATE` does.
 */
export const CHATML_TRAINING_TEMPLATE: string = [
  '{% for message in messages %}',
  String.raw`{{ '<|im_start|>' + message['role'] + '\n' }}`,
  `{% if message['role'] == 'assistant' %}`,
  String.raw`{% generation %}{{ message['content'] + '<|im_end|>' + '\n' }}{% endgeneration %}`,
  '{% else %}',
  String.raw`{{ message['content'] + '<|im_end|>' + '\n' }}`,
  '{% endif %}',
  '{% endfor %}',
  '{% if add_generation_prompt %}',
  String.raw`{{ '<|im_start|>assistant\n' }}`,
  '{% endif %}',
].join('')

const SYSTEM: ChatMessage = { role: 'system', content: 'Be kind.' }
const USER: ChatMessage = { role: 'user', content: ' a\nb ' }
const ASSISTANT: ChatMessage = { role: 'assistant', content: 'c' }

/** Conversations by which templates differ: a default system text, trimming, earlier answers, heads of answers. */
const PROBES: readonly (readonly ChatMessage[])[] = [
  [USER],
  [SYSTEM, USER],
  [USER, ASSISTANT],
  [SYSTEM, USER, ASSISTANT, USER],
]

export async function chatTemplateKind(template: string | undefined): Promise<ChatTemplateKind> {
  if (template === undefined) return 'unknown'
  const expected = await renderings(CHATML_TEMPLATE)
  if (JSON.stringify(await renderings(template)) === JSON.stringify(expected)) return 'chatml'
  return /\{%-?\s*generation\s*-?%\}/.test(template) ? 'marked' : 'other'
}

/** What a template makes of the probes; null where it refuses one. Throws `input_invalid` for what is no Jinja. */
async function renderings(template: string): Promise<readonly (string | null)[]> {
  const render = await compileTemplate(template)
  return PROBES.flatMap((messages) =>
    [false, true].map((head) => {
      try {
        return render({ messages, add_generation_prompt: head, bos_token: '<s>', eos_token: '<|im_end|>' })
      } catch {
        return null
      }
    }),
  )
}
