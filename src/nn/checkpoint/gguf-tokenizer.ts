/**
 * The tokenizer of a Hugging Face checkpoint (`tokenizer.json`, byte-level BPE) in the form a GGUF file holds it. It does not tokenize.
 * What llama.cpp would do differently is refused: other models than byte-level BPE, normalisers but NFC, unknown ways to split text.
 */
import { ParapetError } from '../../spec/errors.ts'
import type { DecoderConfig } from '../decoder/config.ts'
import type { GgufTokenizer } from './gguf-decoder.ts'
import {
  type JsonObject,
  booleanField,
  field,
  invalidFile,
  isObject,
  jsonText,
  listOf,
  objectOf,
} from './json-fields.ts'

export interface GgufTokenizerOptions {
  /** The model: its vocabulary's size and special tokens. */
  readonly config: DecoderConfig
  /** Parsed `tokenizer_config.json`. */
  readonly tokenizerConfig?: unknown
  /** Goes before the template in `tokenizerConfig`. */
  readonly chatTemplate?: string
  /**
   * llama.cpp's name of the way text is split; found from `tokenizer.json` where it is one of `gpt-2` (`trillion` where
   * `clean_up_tokenization_spaces` is false), `smollm` and `qwen2`.
   */
  readonly pre?: string
}

const FILE = 'tokenizer.json'
const NORMAL = 1
const CONTROL = 3
const USER_DEFINED = 4
const UNUSED = 5

/** The way Qwen2 splits text, as its `tokenizer.json` writes it. */
const QWEN2_SPLIT =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

/**
 * The GGUF form of a parsed `tokenizer.json`. Ids without a token become `[PADn]`, unused. Throws `input_invalid` for another kind of
 * tokenizer or a damaged one, `configuration` when the way it splits text has to be named.
 */
export function ggufTokenizerOf(tokenizerJson: unknown, options: GgufTokenizerOptions): GgufTokenizer {
  const { config, chatTemplate } = options
  const json = objectOf(tokenizerJson, FILE)
  const model = objectOf(json['model'], FILE, 'model')
  refuseOthers(json, model)
  const tokens: (string | undefined)[] = Array.from({ length: config.vocabularySize })
  const types = Array.from({ length: config.vocabularySize }, () => UNUSED)
  const put = (id: unknown, token: unknown, type: number): void => {
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || typeof token !== 'string')
      throw invalidFile(FILE, `a token needs a text and an id, not ${jsonText(token)} and ${jsonText(id)}.`)
    if (id >= config.vocabularySize)
      throw invalidFile(FILE, `token ${id} is not in the model's vocabulary of ${config.vocabularySize}.`)
    if (tokens[id] !== undefined && tokens[id] !== token)
      throw invalidFile(FILE, `token ${id} is both ${jsonText(tokens[id])} and ${jsonText(token)}.`)
    tokens[id] = token
    types[id] = type
  }
  for (const [token, id] of Object.entries(objectOf(model['vocab'], FILE, 'model.vocab'))) put(id, token, NORMAL)
  for (const added of listOf(field(json, 'added_tokens') ?? [], FILE, 'added_tokens')) {
    const entry = objectOf(added, FILE, 'an added token')
    put(entry['id'], entry['content'], booleanField(entry, 'special', FILE, false) ? CONTROL : USER_DEFINED)
  }
  const settings = objectOf(options.tokenizerConfig ?? {}, 'tokenizer_config.json')
  const named = (name: string): number | undefined => {
    const text = tokenText(field(settings, name))
    const id = text === undefined ? -1 : tokens.indexOf(text)
    return id < 0 ? undefined : id
  }
  const beginToken = config.beginToken ?? named('bos_token')
  const endToken = config.endTokens?.[0] ?? named('eos_token')
  const padToken = config.padToken ?? named('pad_token')
  const template = chatTemplate ?? chatTemplateOf(settings)
  return {
    tokens: tokens.map((token, id) => token ?? `[PAD${id}]`),
    types,
    merges: listOf(model['merges'], FILE, 'model.merges').map(mergeText),
    pre: options.pre ?? splitName(json, settings),
    ...(beginToken === undefined ? {} : { beginToken }),
    ...(endToken === undefined ? {} : { endToken }),
    ...(padToken === undefined ? {} : { padToken }),
    addBegin: booleanField(settings, 'add_bos_token', 'tokenizer_config.json', startsWithToken(json, beginToken)),
    ...(template === undefined ? {} : { chatTemplate: template }),
  }
}

/** The chat template in a parsed `tokenizer_config.json`: a text, or the one called `default` of a list. */
export function chatTemplateOf(tokenizerConfig: unknown): string | undefined {
  const value = isObject(tokenizerConfig) ? tokenizerConfig['chat_template'] : undefined
  if (typeof value === 'string') return value
  if (!Array.isArray(value)) return undefined
  const entry: unknown = value.find((item) => isObject(item) && item['name'] === 'default')
  return isObject(entry) && typeof entry['template'] === 'string' ? entry['template'] : undefined
}

function refuseOthers(json: JsonObject, model: JsonObject): void {
  const refuse = (what: string): never => {
    throw invalidFile(
      FILE,
      `${what} is not supported. Supported is byte-level BPE, as GPT-2, SmolLM and Qwen2 have it.`,
    )
  }
  if (model['type'] !== 'BPE') refuse(`a tokenizer of type ${jsonText(model['type'])}`)
  if (booleanField(model, 'byte_fallback', FILE, false)) refuse('byte_fallback')
  for (const name of ['continuing_subword_prefix', 'end_of_word_suffix'])
    if ((field(model, name) ?? '') !== '') refuse(name)
  const steps = preTokenizers(json)
  if (!steps.some(({ type }) => type === 'ByteLevel')) refuse('a tokenizer without ByteLevel')
  if (steps.some((step) => step['add_prefix_space'] === true)) refuse('add_prefix_space')
  const normaliser = field(json, 'normalizer')
  if (normaliser !== undefined && !(isObject(normaliser) && normaliser['type'] === 'NFC'))
    refuse(`the normalizer ${jsonText(normaliser)}`)
}

function preTokenizers(json: JsonObject): readonly JsonObject[] {
  const first = field(json, 'pre_tokenizer')
  if (!isObject(first)) return []
  return first['type'] === 'Sequence'
    ? listOf(first['pretokenizers'], FILE, 'pre_tokenizer.pretokenizers').filter(isObject)
    : [first]
}

/** llama.cpp's name of a way to split: its regular expressions are those of the checkpoints of that name. */
function splitName(json: JsonObject, settings: JsonObject): string {
  const steps = preTokenizers(json)
  const [first, last] = [steps[0], steps.at(-1)]
  const splits = last?.['type'] === 'ByteLevel' && last['use_regex'] !== false
  if (objectOf(json['model'], FILE)['ignore_merges'] !== true) {
    // With `gpt-2` llama.cpp takes away spaces before some signs when it writes text. `trillion` splits alike and leaves them.
    if (steps.length === 1 && splits)
      return booleanField(settings, 'clean_up_tokenization_spaces', 'tokenizer_config.json', true)
        ? 'gpt-2'
        : 'trillion'
    if (steps.length === 2 && splits && first?.['type'] === 'Digits' && first['individual_digits'] === true)
      return 'smollm'
    const pattern = isObject(first?.['pattern']) ? first['pattern']['Regex'] : undefined
    if (steps.length === 2 && !splits && first?.['type'] === 'Split' && pattern === QWEN2_SPLIT) return 'qwen2'
  }
  throw new ParapetError(
    'configuration',
    `${FILE} splits text in a way that is not one of gpt-2, smollm and qwen2. Name llama.cpp's pre-tokenizer with the option pre.`,
  )
}

/** Both forms: `"a b"`, and `["a", "b"]` of newer files. */
function mergeText(merge: unknown): string {
  const parts: readonly unknown[] = typeof merge === 'string' ? merge.split(' ') : Array.isArray(merge) ? merge : []
  if (parts.length === 2 && parts.every((part) => typeof part === 'string' && /^[^ ]+$/.test(part)))
    return parts.join(' ')
  throw invalidFile(FILE, `a merge must be two parts without spaces, not ${jsonText(merge)}.`)
}

/** A special token of `tokenizer_config.json`: its text, or an object that holds it. */
function tokenText(value: unknown): string | undefined {
  const text = isObject(value) ? value['content'] : value
  return typeof text === 'string' ? text : undefined
}

/** Whether the template of one text (`post_processor`) begins with this token. */
function startsWithToken(json: JsonObject, token: number | undefined): boolean {
  const processor = field(json, 'post_processor')
  if (!isObject(processor) || token === undefined) return false
  const steps = processor['type'] === 'Sequence' ? processor['processors'] : [processor]
  return (Array.isArray(steps) ? steps : []).some((step: unknown) => {
    if (!isObject(step) || step['type'] !== 'TemplateProcessing' || !Array.isArray(step['single'])) return false
    const first: unknown = step['single'][0]
    const special = isObject(first) && isObject(first['SpecialToken']) ? first['SpecialToken']['id'] : undefined
    const known = isObject(step['special_tokens']) ? step['special_tokens'][String(special)] : undefined
    return isObject(known) && Array.isArray(known['ids']) && known['ids'][0] === token
  })
}
