/**
 * Chat templates: Jinja programs that turn messages into one text (the `chat_template` of a Hugging Face tokenizer). This is
 * rendering only; which parts of the text may become special tokens is decided in `tokenizer-json.ts`.
 */
import { ParapetError } from '../../spec/errors.ts'

/** One message of a chat. More fields, such as tool calls, are handed to the template as they are. */
export interface ChatMessage {
  readonly role: string
  readonly content: string
}

/** Special tokens of ChatML: begin and end of a message. */
export const CHATML_TOKENS = ['<|im_start|>', '<|im_end|>'] as const

/** ChatML: `<|im_start|>role⏎content<|im_end|>⏎` for each message, and the head of an answer when one is asked for. */
export const CHATML_TEMPLATE: string = [
  '{% for message in messages %}',
  String.raw`{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}`,
  '{% endfor %}',
  '{% if add_generation_prompt %}',
  String.raw`{{ '<|im_start|>assistant\n' }}`,
  '{% endif %}',
].join('')

/** What a template sees. */
export type TemplateValues = Readonly<Record<string, unknown>>

export type RenderTemplate = (values: TemplateValues) => string

/** The part of `@huggingface/jinja` that is used. */
interface JinjaModule {
  readonly Template: new (source: string) => { render(values: Record<string, unknown>): string }
}

/**
 * Reads a template (loads `@huggingface/jinja`). Throws `input_invalid` when it is not Jinja; the function it gives throws
 * `input_invalid` when the template refuses the messages (`raise_exception`) or fails.
 */
export async function compileTemplate(source: string): Promise<RenderTemplate> {
  const { Template } = (await import('@huggingface/jinja')) as JinjaModule
  const template = attempt('The chat template is not valid Jinja', () => new Template(source))
  return (values) => attempt('The chat template refused these messages', () => template.render({ ...values }))
}

function attempt<Value>(what: string, run: () => Value): Value {
  try {
    return run()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new ParapetError('input_invalid', `${what}: ${why}`, { cause })
  }
}
