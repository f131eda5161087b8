/**
 * Tokenizers from the files Hugging Face models ship (`tokenizer.json`, `tokenizer_config.json`), read by `@huggingface/tokenizers`
 * and `@huggingface/jinja`, both loaded on first use.
 *
 * Control tokens are those of `added_tokens` that are special or hold more than white space. What a user wrote never becomes one
 * (`encode` without `special`, contents in `encodeChat`), even when it holds the very text. The rule for chats: the template renders
 * messages whose texts of control tokens carry marks (`plain-text-marks.ts`), control tokens are searched, marks go, the rest is
 * encoded as ever. So contents without such texts give exactly the ids of the rendered text encoded as a whole, whatever the
 * template does with them: no cut is made between content and template.
 *
 * Nothing is downloaded, no file is opened, and no begin or end token is added unasked; training is `byte-level-bpe.ts`.
 */
import { ParapetError } from '../../spec/errors.ts'
import { type ChatMessage, type TemplateValues, compileTemplate } from './chat-template.ts'
import { type HubTokenizer, type LoadedTokenizer, openHubTokenizer } from './hub-tokenizer.ts'
import { mapStrings } from './plain-text-marks.ts'

export interface TokenizerFiles {
  /** Parsed `tokenizer.json`. */
  readonly json: unknown
  /** Parsed `tokenizer_config.json`; without it there are no begin, end and pad tokens. */
  readonly config?: unknown
  /** Used in place of the configuration's `chat_template`. */
  readonly chatTemplate?: string
}

export interface ChatTemplateOptions {
  /** End with the head of the assistant's answer; false if absent. */
  readonly addGenerationPrompt?: boolean
  /** More values that the template reads, for example `tools`. */
  readonly variables?: TemplateValues
}

export interface EncodeChatOptions extends ChatTemplateOptions {
  /** Roles whose messages may hold control tokens as text, because no outsider can write them; none if absent. */
  readonly trustedRoles?: readonly string[]
}

export interface TextTokenizer {
  /** Highest id + 1. */
  readonly vocabularySize: number
  readonly beginToken?: number
  readonly endToken?: number
  readonly padToken?: number
  /** Ids of control tokens, ascending. */
  readonly controlTokens: readonly number[]
  /** `special`: texts of control tokens become these tokens; false if absent, as it must be for what users wrote. */
  encode(text: string, options?: { readonly special?: boolean }): readonly number[]
  /**
   * Ids that are no tokens give no text, as in Hugging Face's: models often have more rows than their tokenizer has tokens.
   * `skipSpecial` leaves out special tokens.
   */
  decode(ids: readonly number[], options?: { readonly skipSpecial?: boolean }): string
  /** The token as the vocabulary has it (`Ġthe`), which need not be text. */
  tokenText(id: number): string
  tokenId(text: string): number | undefined
  /**
   * The text of a chat, to show or to hand to an engine that takes text. Do not encode it with `special` where users wrote contents;
   * `encodeChat` is for that. Throws `configuration` without a template, `input_invalid` when the template refuses.
   */
  applyChatTemplate(messages: readonly ChatMessage[], options?: ChatTemplateOptions): string
  /** The ids of a chat; roles, contents and variables give no control token but where `trustedRoles` says so. */
  encodeChat(messages: readonly ChatMessage[], options?: EncodeChatOptions): readonly number[]
}

/** Throws `input_invalid` for files that are no tokenizer, or a template that is not Jinja. */
export async function loadTokenizer(files: TokenizerFiles): Promise<TextTokenizer> {
  const hub = await openHubTokenizer(files.json, files.config)
  const source = files.chatTemplate ?? templateIn(hub.config)
  const template = source === undefined ? undefined : await compileTemplate(source)
  const names = ['bos_token', 'eos_token', 'pad_token', 'unk_token'] as const
  const texts = Object.fromEntries(names.flatMap((name) => namedToken(hub.config, name)))

  const render = (
    messages: readonly ChatMessage[],
    { addGenerationPrompt = false, variables = {} }: ChatTemplateOptions,
  ): string => {
    if (template === undefined)
      throw new ParapetError(
        'configuration',
        'This tokenizer has no chat template: give chatTemplate to loadTokenizer (CHATML_TEMPLATE is the common one).',
      )
    return template({ ...texts, ...variables, messages, add_generation_prompt: addGenerationPrompt })
  }

  const { vocabularySize } = hub
  const idOf = (name: string): number | undefined =>
    texts[name] === undefined ? undefined : hub.tokenizer.token_to_id(texts[name])
  return {
    vocabularySize,
    ...given('beginToken', idOf('bos_token')),
    ...given('endToken', idOf('eos_token')),
    ...given('padToken', idOf('pad_token')),
    controlTokens: hub.controlIds,
    encode(text, { special = false } = {}) {
      const mark = special ? '' : hub.unusedMark([text])
      return hub.encode(special ? text : hub.controls.weakly(text, mark), mark)
    },
    decode: (ids, { skipSpecial = false } = {}) => decode(hub, ids, skipSpecial),
    tokenText: (id) => tokenText(hub.tokenizer, id),
    tokenId: (text) => hub.tokenizer.token_to_id(text),
    applyChatTemplate: (messages, options = {}) => render(messages, options),
    encodeChat: (messages, options = {}) => encodeChat(hub, source ?? '', render, messages, options),
  }
}

function encodeChat(
  hub: LoadedTokenizer,
  source: string,
  render: (messages: readonly ChatMessage[], options: ChatTemplateOptions) => string,
  messages: readonly ChatMessage[],
  options: EncodeChatOptions,
): readonly number[] {
  const { trustedRoles = [], variables = {} } = options
  const written: string[] = [source]
  const collect = (text: string): string => (written.push(text), text)
  mapStrings([messages, variables], collect, collect)
  const mark = hub.unusedMark(written)
  const weakly = (text: string): string => hub.controls.weakly(text, mark)
  const rendered = (change: (text: string) => string): string =>
    render(
      messages.map((message) =>
        trustedRoles.includes(message.role) ? message : (mapStrings(message, change, weakly) as ChatMessage),
      ),
      { ...options, variables: mapStrings(variables, change, weakly) as TemplateValues },
    )
  const weak = rendered(weakly)
  const strong = rendered((text) => hub.controls.strongly(text, mark))
  // Where a template cuts or joins contents into a control token, only the strong marks stop it. They could change what a template
  // finds in a content, so they are used in no other case.
  const [expected, held] = [hub.controls.found(strong), hub.controls.found(weak)]
  const same = expected.length === held.length && expected.every((token, place) => token === held[place])
  return hub.encode(same ? weak : strong, mark)
}

function decode({ tokenizer, specialIds }: LoadedTokenizer, ids: readonly number[], skipSpecial: boolean): string {
  const kept = ids.filter((id) => tokenizer.id_to_token(id) !== undefined && !(skipSpecial && specialIds.has(id)))
  // Spaces stay as the ids say: the clean-up of English punctuation would change texts.
  return kept.length === 0 ? '' : tokenizer.decode(kept, { clean_up_tokenization_spaces: false })
}

function tokenText(tokenizer: HubTokenizer, id: number): string {
  const text = tokenizer.id_to_token(id)
  if (text === undefined) throw new ParapetError('input_invalid', `The vocabulary has no token ${id}.`)
  return text
}

/** One template, or the one named `default` of several. */
function templateIn(config: Readonly<Record<string, unknown>>): string | undefined {
  const entry = config['chat_template']
  if (typeof entry === 'string') return entry
  if (!Array.isArray(entry)) return undefined
  const named = entry as readonly { readonly name?: unknown; readonly template?: unknown }[]
  const template = named.find(({ name }) => name === 'default')?.template
  return typeof template === 'string' ? template : undefined
}

/** Configurations hold a token as its text, or as an object with its text. */
function namedToken(config: Readonly<Record<string, unknown>>, name: string): readonly (readonly [string, string])[] {
  const entry = config[name]
  const text = typeof entry === 'object' && entry !== null && 'content' in entry ? entry.content : entry
  return typeof text === 'string' ? [[name, text]] : []
}

function given<Name extends string>(name: Name, id: number | undefined): { readonly [Key in Name]?: number } {
  return (id === undefined ? {} : { [name]: id }) as { readonly [Key in Name]?: number }
}
