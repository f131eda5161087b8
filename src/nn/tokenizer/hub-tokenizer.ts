/**
 * The door to `@huggingface/tokenizers`: its tokenizer with three changes. Marks (`plain-text-marks.ts`) are taken out after the
 * search for added tokens; control tokens are found in the text as written, not as normalised; and ordinary text that the model
 * itself would turn into a control token, because its vocabulary lists it, is cut into characters.
 */
import { ParapetError } from '../../spec/errors.ts'
import { type ControlTexts, controlTexts, unusedMark } from './plain-text-marks.ts'

/** The part of the package that is used. */
export interface HubTokenizer {
  normalizer: ((text: string) => string) | null
  pre_tokenizer: ((text: string, options?: unknown) => string[]) | null
  /** Puts control tokens around the tokens of a text, or of two. */
  readonly post_processor:
    | ((
        first: string[],
        second: string[] | null,
        addSpecial: boolean,
      ) => { readonly tokens: readonly string[]; readonly token_type_ids?: readonly number[] })
    | null
  readonly model: {
    readonly vocab: readonly (string | undefined)[]
    readonly unk_token?: string | null
    encode: (words: string[]) => string[]
  }
  encode(text: string, options: { add_special_tokens: boolean }): { readonly ids: readonly (number | undefined)[] }
  decode(ids: number[], options: { clean_up_tokenization_spaces: boolean }): string
  token_to_id(text: string): number | undefined
  id_to_token(id: number): string | undefined
}

interface AddedToken {
  readonly id: number
  readonly content: string
  readonly special?: boolean
}

export interface LoadedTokenizer {
  readonly tokenizer: HubTokenizer
  readonly config: Readonly<Record<string, unknown>>
  readonly vocabularySize: number
  readonly controls: ControlTexts
  readonly controlIds: readonly number[]
  readonly specialIds: ReadonlySet<number>
  /** A mark for these texts. Throws `input_invalid` when there is none. */
  unusedMark(texts: Iterable<string>): string
  /** Ids of a text; `mark` is taken out where it stands, '' for none. */
  encode(text: string, mark: string): readonly number[]
}

export async function openHubTokenizer(json: unknown, config: unknown = {}): Promise<LoadedTokenizer> {
  const file = record(json, 'tokenizer.json')
  const settings = record(config, 'tokenizer_config.json')
  const added = addedTokens(file)
  if (typeof file['model'] !== 'object' || file['model'] === null) throw malformed('it has no model')
  const control = added.filter(({ special, content }) => special === true || /\S/u.test(content))
  const { Tokenizer } = (await import('@huggingface/tokenizers')) as unknown as {
    readonly Tokenizer: new (json: object, config: object) => HubTokenizer
  }
  const absent = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null }
  const asWritten = added.map((token) => (control.includes(token) ? { ...token, normalized: false } : token))
  let tokenizer: HubTokenizer
  try {
    tokenizer = new Tokenizer({ ...absent, ...file, added_tokens: asWritten }, settings)
  } catch (cause) {
    throw malformed(cause instanceof Error ? cause.message : String(cause), cause)
  }
  if (!Array.isArray(tokenizer.model.vocab)) throw malformed('its model has no vocabulary')

  const { normalizer } = tokenizer
  const survives = (mark: string): boolean => normalizer === null || normalizer(`a${mark}b`).includes(mark)
  if (unusedMark([], survives) === undefined)
    throw malformed('its normaliser takes out the characters that keep texts of users apart from control tokens')
  const current = withoutMarks(tokenizer)
  withoutControls(tokenizer, new Set(control.map(({ content }) => content)))
  return {
    tokenizer,
    config: settings,
    vocabularySize: tokenizer.model.vocab.length,
    controls: controlTexts(control.map(({ content }) => content)),
    controlIds: control.map(({ id }) => id).toSorted((one, other) => one - other),
    specialIds: new Set(added.flatMap(({ id, special }) => (special === true ? [id] : []))),
    unusedMark(texts) {
      const mark = unusedMark(texts, survives)
      if (mark !== undefined) return mark
      throw new ParapetError('input_invalid', 'The text holds every character of private use; take them out.')
    },
    encode(text, mark) {
      current.mark = mark
      return tokenizer.encode(text, { add_special_tokens: false }).ids.map((id) => {
        if (id !== undefined) return id
        throw new ParapetError(
          'input_invalid',
          'The tokenizer has no token for a part of the text, nor one for unknowns.',
        )
      })
    },
  }
}

/** Words are cut after the search for added tokens; there the mark that is set goes. */
function withoutMarks(tokenizer: HubTokenizer): { mark: string } {
  const current = { mark: '' }
  const cut = tokenizer.pre_tokenizer
  tokenizer.pre_tokenizer = (text, options) => {
    const plain = current.mark === '' ? text : text.replaceAll(current.mark, '')
    return cut === null ? [plain] : cut(plain, options)
  }
  return current
}

/** What the model makes of words never is a control token; the token for unknowns stays. */
function withoutControls({ model }: HubTokenizer, control: ReadonlySet<string>): void {
  const encode = model.encode.bind(model)
  const isControl = (token: string): boolean => control.has(token) && token !== model.unk_token
  model.encode = (words) =>
    encode(words).flatMap((token) =>
      isControl(token) ? encode([...token]).filter((part) => !isControl(part)) : [token],
    )
}

function addedTokens(file: Readonly<Record<string, unknown>>): readonly AddedToken[] {
  const added = file['added_tokens'] ?? []
  if (!Array.isArray(added)) throw malformed('added_tokens is not a list')
  return added.map((token: Partial<AddedToken> | null, place) => {
    if (!Number.isInteger(token?.id) || typeof token?.content !== 'string' || token.content === '')
      throw malformed(`added_tokens[${place}] has no id or no content`)
    return token as AddedToken
  })
}

function record(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ParapetError('input_invalid', `${name} must be a JSON object; parse the file before handing it over.`)
  return value as Readonly<Record<string, unknown>>
}

function malformed(why: string, cause?: unknown): ParapetError {
  return new ParapetError('input_invalid', `This tokenizer.json cannot be read: ${why}.`, { cause })
}
