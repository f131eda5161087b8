/**
 * How much of a set a subject was trained on: equal texts by hash, and shared runs of eight words.
 *
 * Hashes let a model carry the list of its training texts without the texts. Equal means equal after `normalizeForHash`: another comma hides
 * a text from the exact count, and only a subject with hashes of 8-grams is checked for near copies. Paraphrases and translations are
 * not found, and a subject that does not say what it was trained on is "not known", never clean.
 */
import { createHash } from 'node:crypto'
import type { KnownHashes } from './hash-list.ts'
import type { EvaluationSample } from './sample.ts'
import type { Subject } from './subject.ts'

/** What is known of one subject and one set. */
export interface Contamination {
  readonly samples: number
  /** Samples whose text is one of the training texts; null where the subject does not say. */
  readonly exact: number | null
  /** Samples with at least half of their 8-grams among the training texts'; null where the subject does not say. */
  readonly eightGram: number | null
  /** Only some of the subject's models say what they were trained on: the counts are the least. */
  readonly partlyKnown?: boolean
  /** Samples whose text also stands in a set that fitted the threshold; null where nothing was fitted. */
  readonly fitting: number | null
}

/** Words of an n-gram. */
const GRAM = 8
/** Share of a sample's n-grams that makes it count. */
const SHARE = 0.5

/** NFKC, lower case, runs of white space as one blank, trimmed. */
export function normalizeForHash(text: string): string {
  return text.normalize('NFKC').toLowerCase().replace(/\s+/gu, ' ').trim()
}

/** First 16 hexadecimal digits of the SHA-256 of the normalised text. */
export function textHash(text: string): string {
  return createHash('sha256').update(normalizeForHash(text)).digest('hex').slice(0, 16)
}

/** The text of a sample that is judged: the answer where there is one, else the prompt. Training data is hashed by the same rule. */
export function judgedText({ prompt, response }: Pick<EvaluationSample, 'prompt' | 'response'>): string {
  return response ?? prompt
}

/** Hashes of all runs of eight words; none of a shorter text. */
export function eightGrams(text: string): readonly string[] {
  const words = normalizeForHash(text).match(/[\p{L}\p{N}]+/gu) ?? []
  return words.slice(GRAM - 1).map((_, index) => textHash(words.slice(index, index + GRAM).join(' ')))
}

/** Counts overlap of samples with what a subject was trained on and with what fitted its threshold. */
export function contaminationOf(
  samples: readonly EvaluationSample[],
  subject: Pick<Subject, 'trainingHashes' | 'trainingEightGrams' | 'trainingPartlyKnown'>,
  fitting: ReadonlySet<string> | null,
): Contamination {
  const { trainingHashes, trainingEightGrams, trainingPartlyKnown: partlyKnown = false } = subject
  const countIn = (hashes: KnownHashes | null | undefined): number | null =>
    hashes === null || hashes === undefined
      ? null
      : samples.filter((sample) => hashes.has(textHash(judgedText(sample)))).length
  return {
    samples: samples.length,
    exact: countIn(trainingHashes),
    eightGram:
      trainingEightGrams === undefined
        ? null
        : samples.filter((sample) => sharesGrams(judgedText(sample), trainingEightGrams)).length,
    ...(partlyKnown ? { partlyKnown } : {}),
    fitting: countIn(fitting),
  }
}

function sharesGrams(text: string, known: ReadonlySet<string>): boolean {
  const grams = eightGrams(text)
  return grams.length > 0 && grams.filter((gram) => known.has(gram)).length >= SHARE * grams.length
}
