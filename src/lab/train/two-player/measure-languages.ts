/**
 * The evaluator: labelled sets by language, one text a sample as DuoGuard reads it (a prompt, or prompt and answer joined by a blank), with
 * F1 and false-positive rate at one half, average precision, intervals, and what calling everything unsafe would get (arXiv 2502.05163).
 *
 * Sets come through the readers of `lab/eval`: DuoGuard's own files or Parapet's records. Nothing is chosen here.
 */
import { ParapetError } from '../../../spec/errors.ts'
import { bootstrapIntervals } from '../../eval/metrics/bootstrap.ts'
import { countDecisions, decisionMetrics } from '../../eval/metrics/decisions.ts'
import { rankingMetrics } from '../../eval/metrics/ranking.ts'
import { readSets } from '../../eval/readers/registry.ts'
import type { Figure } from '../../eval/run-format.ts'
import type { EvaluationSet } from '../../eval/sample.ts'
import { DECISION_THRESHOLD } from './labels.ts'

export interface JudgedText {
  readonly text: string
  readonly label: 0 | 1
}

/** The samples of one set in one language. */
export interface LanguageSet {
  readonly set: string
  readonly task: 'prompt_harm' | 'response_harm' | 'toxicity'
  readonly language: string
  readonly sha256: string
  readonly samples: readonly JudgedText[]
}

export interface LanguageFigures {
  readonly set: string
  readonly task: LanguageSet['task']
  readonly language: string
  readonly rows: number
  readonly positives: number
  readonly averagePrecision: Figure
  readonly f1: Figure
  readonly falsePositiveRate: Figure
  /** F1 of calling everything unsafe; its average precision is the share of positives. */
  readonly constantF1: number | null
}

/** Resamples of the intervals of single sets. */
const RESAMPLES = 500

/** Reads files, each in its own format. Throws `input_invalid` for a set of another task. */
export function readLanguageSets(paths: readonly string[], languages: readonly string[]): readonly LanguageSet[] {
  return paths.flatMap((path) => readSets(undefined, [path]).flatMap((set) => languageSets(set, path, languages)))
}

function languageSets(set: EvaluationSet, path: string, languages: readonly string[]): readonly LanguageSet[] {
  const { task } = set
  if (task !== 'prompt_harm' && task !== 'response_harm' && task !== 'toxicity')
    throw new ParapetError(
      'input_invalid',
      `${path} is a set of ${task}. Give sets whose label says harmful or not: prompt_harm, response_harm, toxicity.`,
    )
  return languages.flatMap((language) => {
    const samples = set.samples
      .filter((sample) => sample.language === language)
      .map(({ prompt, response, label }) => ({ text: response === null ? prompt : `${prompt} ${response}`, label }))
    const name = set.name.replace(new RegExp(`_${language}$`), '')
    return samples.length === 0 ? [] : [{ set: name, task, language, sha256: set.sha256, samples }]
  })
}

/** Scores of a set in the order of its samples, rounded to seven digits so that they stay small on disk. */
export function scoresOf(scoreOf: (text: string) => number, { samples }: LanguageSet): readonly number[] {
  return samples.map(({ text }) => Number(scoreOf(text).toPrecision(7)))
}

export function figuresOf(
  { set, task, language, samples }: LanguageSet,
  scores: readonly number[],
  seed: number,
): LanguageFigures {
  const rows = samples.map(({ label }, at) => {
    const score = scores[at] ?? 0
    return { label, score, rank: score, flagged: score > DECISION_THRESHOLD }
  })
  const decisions = decisionMetrics(countDecisions(rows))
  const intervals = bootstrapIntervals(rows, { resamples: RESAMPLES, seed })
  const positives = rows.filter(({ label }) => label === 1).length
  const figure = (name: 'f1' | 'falsePositiveRate'): Figure => ({ value: decisions[name], interval: intervals[name] })
  return {
    ...{ set, task, language, rows: rows.length, positives },
    averagePrecision: { value: rankingMetrics(rows).averagePrecision, interval: intervals.averagePrecision },
    ...{ f1: figure('f1'), falsePositiveRate: figure('falsePositiveRate') },
    constantF1: positives === 0 ? null : (2 * positives) / (rows.length + positives),
  }
}
