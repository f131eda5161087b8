/**
 * Trains a byte-level BPE tokenizer (Radford et al. 2019, GPT-2, §2.2) and gives it as the contents of the two files that Hugging
 * Face libraries read, `tokenizer.json` and `tokenizer_config.json`. All 256 bytes are tokens, so no text is unknown.
 *
 * Ids: special tokens in the order given, from 0; then the bytes 0 to 255; then merges. Encoding is `tokenizer-json.ts`; files and
 * corpora are the caller's matter.
 */
import { ParapetError } from '../../spec/errors.ts'
import { BYTE_CHARACTERS, WORD_PATTERN } from './byte-alphabet.ts'
import { type CountedWord, learnMerges } from './merge-learning.ts'

export interface BytePairOptions {
  /** Ids in all: special tokens, 256 bytes, merges. A small corpus may give fewer. */
  readonly vocabularySize: number
  /** Texts of two characters or more that are one token each and never part of another. */
  readonly specialTokens: readonly string[]
  /** Three of the special tokens, named in the configuration. */
  readonly beginToken?: string
  readonly endToken?: string
  readonly padToken?: string
  /** A Jinja template, for example `CHATML_TEMPLATE`. */
  readonly chatTemplate?: string
  /** Longest sequence of the model this is for, in tokens; written into the configuration. */
  readonly maxLength?: number
  /** Pairs that occur less often are not merged; 2 if absent. */
  readonly leastCount?: number
}

/** `tokenizer.json`, as far as a byte-level BPE needs it. */
export interface BytePairJson {
  readonly version: '1.0'
  readonly truncation: null
  readonly padding: null
  readonly added_tokens: readonly AddedTokenJson[]
  readonly normalizer: null
  readonly pre_tokenizer: ByteLevelJson
  readonly post_processor: null
  readonly decoder: ByteLevelJson
  readonly model: {
    readonly type: 'BPE'
    readonly dropout: null
    readonly unk_token: null
    readonly continuing_subword_prefix: null
    readonly end_of_word_suffix: null
    readonly fuse_unk: false
    readonly byte_fallback: false
    readonly vocab: Readonly<Record<string, number>>
    /** `left right`; a space is `Ġ` inside tokens, so the only one parts the two. */
    readonly merges: readonly string[]
  }
}

export interface AddedTokenJson {
  readonly id: number
  readonly content: string
  readonly single_word: boolean
  readonly lstrip: boolean
  readonly rstrip: boolean
  readonly normalized: boolean
  readonly special: boolean
}

interface ByteLevelJson {
  readonly type: 'ByteLevel'
  readonly add_prefix_space: boolean
  readonly trim_offsets: boolean
  readonly use_regex: boolean
}

/** `tokenizer_config.json`. */
export interface BytePairConfig {
  readonly tokenizer_class: 'PreTrainedTokenizerFast'
  readonly clean_up_tokenization_spaces: false
  readonly add_prefix_space: false
  readonly bos_token: string | null
  readonly eos_token: string | null
  readonly pad_token: string | null
  readonly chat_template?: string
  readonly model_max_length?: number
}

export interface TrainedTokenizer {
  readonly json: BytePairJson
  readonly config: BytePairConfig
}

/**
 * Special tokens inside the texts are cut out and teach nothing. The same texts in any order give the same tokenizer.
 * Throws `configuration` for a vocabulary that is too small or special tokens that cannot be told from others.
 */
export function trainBytePairs(texts: Iterable<string>, options: BytePairOptions): TrainedTokenizer {
  checkOptions(options)
  const { specialTokens, vocabularySize, leastCount = 2 } = options
  const learnt = learnMerges(countWords(texts, specialTokens), {
    alphabet: BYTE_CHARACTERS,
    symbols: vocabularySize - specialTokens.length,
    leastCount,
    forbidden: new Set(specialTokens),
  })
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true } as const
  return {
    json: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: specialTokens.map((content, id) => ({
        id,
        content,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      })),
      normalizer: null,
      pre_tokenizer: byteLevel,
      post_processor: null,
      decoder: byteLevel,
      model: {
        type: 'BPE',
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        byte_fallback: false,
        vocab: Object.fromEntries([...specialTokens, ...learnt.texts].map((text, id) => [text, id])),
        merges: learnt.merges.map((pair) => pair.join(' ')),
      },
    },
    config: {
      tokenizer_class: 'PreTrainedTokenizerFast',
      clean_up_tokenization_spaces: false,
      add_prefix_space: false,
      bos_token: options.beginToken ?? null,
      eos_token: options.endToken ?? null,
      pad_token: options.padToken ?? null,
      ...(options.chatTemplate === undefined ? {} : { chat_template: options.chatTemplate }),
      ...(options.maxLength === undefined ? {} : { model_max_length: options.maxLength }),
    },
  }
}

function countWords(texts: Iterable<string>, specialTokens: readonly string[]): readonly CountedWord[] {
  const counts = new Map<string, number>()
  for (const text of texts)
    for (const part of withoutSpecial(text, specialTokens))
      for (const word of part.match(WORD_PATTERN) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1)
  const encoder = new TextEncoder()
  return Array.from(counts, ([word, count]) => ({ symbols: [...encoder.encode(word)], count }))
}

/** The parts between special tokens; of two that begin at one place the longer counts. */
function withoutSpecial(text: string, specialTokens: readonly string[]): readonly string[] {
  const longestFirst = specialTokens.toSorted((one, other) => other.length - one.length)
  return longestFirst.reduce<readonly string[]>((parts, token) => parts.flatMap((part) => part.split(token)), [text])
}

function checkOptions(options: BytePairOptions): void {
  const { vocabularySize, specialTokens, leastCount = 2 } = options
  const least = specialTokens.length + 256
  if (!Number.isInteger(vocabularySize) || vocabularySize < least)
    throw new ParapetError(
      'configuration',
      `A vocabulary of ${vocabularySize} cannot hold the 256 bytes and ${specialTokens.length} special tokens; ` +
        `give at least ${least}.`,
    )
  if (!Number.isInteger(leastCount) || leastCount < 1)
    throw new ParapetError('configuration', `leastCount must be a whole number above 0, not ${leastCount}.`)
  specialTokens.forEach((token, place) => {
    if ([...token].length < 2)
      throw new ParapetError('configuration', `The special token '${token}' needs two characters or more.`)
    if (specialTokens.indexOf(token) !== place)
      throw new ParapetError('configuration', `The special token '${token}' is given twice.`)
  })
  for (const name of ['beginToken', 'endToken', 'padToken'] as const) {
    const token = options[name]
    if (token !== undefined && !specialTokens.includes(token))
      throw new ParapetError('configuration', `${name} '${token}' is not one of the special tokens.`)
  }
}
