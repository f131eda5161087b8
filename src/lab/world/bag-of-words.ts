/**
 * The baseline that sees words but not their order: a logistic regression on word counts, trained on the world's own requests. On
 * contrast twins, whose words are the same, it can do no better than chance; what it reaches elsewhere says how far words alone go.
 */
import { requestText, type WorldRequestRow } from './request-text.ts'
import { wordsOfText } from './refusal.ts'

export interface BagOfWords {
  /** Probability that the request is forbidden, 0 … 1. */
  readonly score: (text: string) => number
  readonly words: number
}

export interface BagOfWordsOptions {
  /** Passes over the rows; default 10. */
  readonly epochs?: number
  /** AdaGrad's step; default 0.5. */
  readonly rate?: number
  /** Weight of the squared norm, for each row; default 1e-5. */
  readonly penalty?: number
}

/** Fits in the order of the rows, so that equal rows give equal weights. */
export function trainBagOfWords(rows: readonly WorldRequestRow[], options: BagOfWordsOptions = {}): BagOfWords {
  const { epochs = 10, rate = 0.5, penalty = 1e-5 } = options
  const index = new Map<string, number>()
  const examples = rows.map((row) => ({
    label: row.category === undefined ? 0 : 1,
    words: wordsOfText(requestText(row)).map((word) => {
      const known = index.get(word) ?? index.size
      index.set(word, known)
      return known
    }),
  }))
  const weights = new Float64Array(index.size)
  const squares = new Float64Array(index.size).fill(1e-8)
  let bias = 0
  let biasSquares = 1e-8
  for (let epoch = 0; epoch < epochs; epoch++)
    for (const { label, words } of examples) {
      const error = logistic(words.reduce((sum, word) => sum + (weights[word] ?? 0), bias)) - label
      for (const word of words) {
        const gradient = error + penalty * (weights[word] ?? 0)
        squares[word] = (squares[word] ?? 0) + gradient * gradient
        weights[word] = (weights[word] ?? 0) - (rate * gradient) / Math.sqrt(squares[word] ?? 1)
      }
      biasSquares += error * error
      bias -= (rate * error) / Math.sqrt(biasSquares)
    }
  const weightOf = (word: string): number => weights[index.get(word) ?? -1] ?? 0
  return {
    // Sorted, so that twins of the same words sum in the same order and tie exactly.
    score: (text) =>
      logistic(
        wordsOfText(text)
          .toSorted()
          .reduce((sum, word) => sum + weightOf(word), bias),
      ),
    words: index.size,
  }
}

/** Share of rows whose side of one half is right. */
export function bagOfWordsAccuracy(model: BagOfWords, rows: readonly WorldRequestRow[]): number {
  const right = rows.filter((row) => model.score(requestText(row)) >= 0.5 === (row.category !== undefined))
  return rows.length === 0 ? 0 : right.length / rows.length
}

const logistic = (value: number): number => 1 / (1 + Math.exp(-value))
