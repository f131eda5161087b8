/**
 * What an export is asked for: trainer, method, model, and how to train, checked before anything is read or written. How a setting is
 * called in each trainer is in that trainer's folder.
 */
import { ParapetError } from '../../spec/errors.ts'
import { type PreferenceSettings, preferenceLoss } from '../align/preference-loss.ts'

export const EXPORT_TRAINERS = ['trl', 'llama-factory'] as const
export type ExportTrainer = (typeof EXPORT_TRAINERS)[number]

export interface ExportSettings {
  readonly trainer: ExportTrainer
  /** The loss and its options, by the names of `parapet/lab/align`. */
  readonly method: PreferenceSettings
  /** What the trainer is to load: the path of a Hugging Face folder, or a name on the Hub. */
  readonly model: string
  /** Name of the data set: small letters, digits, `-` and `_`. */
  readonly name: string
  /** Rank of an adapter on all linear layers of the blocks, with α twice the rank; 0 tunes the whole model. */
  readonly loraRank: number
  /** Highest learning rate; it rises over a twentieth of the steps, at most 200, and falls to a tenth along a cosine. */
  readonly learningRate: number
  readonly passes: number
  /** Longest sequence, in tokens. Trainers cut what is longer. */
  readonly maxLength: number
  /** Rows on the device at once. KTO needs at least two. */
  readonly batchSize: number
  /** Batches of one step. */
  readonly accumulation: number
  readonly seed: number
  /** Instead of the model's template and the schedule of `lab train`. */
  readonly recipe?: ExportRecipe
}

/**
 * What a paper's own recipe sets, whose rows have a text format of their own. The rate falls from its highest to zero along a cosine without a
 * rise, by AdamW without decay.
 */
export interface ExportRecipe {
  /** Chat template, Jinja with its answers marked by `{% generation %}`. TRL renders rows by it. */
  readonly template: string
  /** Template of LLaMA-Factory that writes the nearest text, by its name there; absent: that of the tokenizer. */
  readonly llamaFactoryTemplate?: string
  /** Lines of shell that measure what comes back. */
  readonly measure: readonly string[]
  /** What to know of it, for the README of the export. */
  readonly notes: readonly string[]
}

/** The settings of `lab train --chat`, where they have a counterpart. */
export const EXPORT_DEFAULTS: Omit<ExportSettings, 'trainer' | 'method' | 'model' | 'learningRate'> = {
  ...{ name: 'parapet', loraRank: 8, passes: 3, maxLength: 1024, batchSize: 4, accumulation: 4, seed: 1 },
}

/** Preference losses move a model that can already talk, and want far smaller steps. */
export function defaultLearningRate(kind: PreferenceSettings['kind']): number {
  return kind === 'sft' ? 2e-4 : 5e-6
}

/** The settings with the options of the loss filled in. Throws `configuration` for what cannot be. */
export function checkExportSettings(settings: ExportSettings): ExportSettings {
  const { trainer, model, name, method, batchSize } = settings
  const wrong = (message: string): never => {
    throw new ParapetError('configuration', message)
  }
  if (!EXPORT_TRAINERS.includes(trainer))
    wrong(`There is no trainer ${String(trainer)}; there are ${EXPORT_TRAINERS.join(' and ')}.`)
  if (model.trim() === '') wrong('Name the model to tune: a Hugging Face folder, or a name on the Hub.')
  if (!/^[a-z0-9][a-z0-9_-]{0,63}$/.test(name))
    wrong(`${JSON.stringify(name)} is no name of a data set. Take small letters, digits, - and _, 64 at most.`)
  for (const field of ['maxLength', 'batchSize', 'accumulation'] as const)
    if (!(Number.isInteger(settings[field]) && settings[field] > 0)) wrong(`${field} must be a whole number above 0.`)
  for (const field of ['loraRank', 'seed'] as const)
    if (!(Number.isInteger(settings[field]) && settings[field] >= 0)) wrong(`${field} must be a whole number from 0.`)
  for (const field of ['learningRate', 'passes'] as const)
    if (!(settings[field] > 0 && settings[field] < Infinity)) wrong(`${field} must be a number above 0.`)
  const checked = preferenceLoss(method).settings
  if (checked.kind === 'kto' && checked.referencePoint === 'batch' && batchSize < 2)
    wrong('KTO compares the rows of a batch: set a batch size of at least 2.')
  return { ...settings, method: checked }
}

/** A number that `checkExportSettings` has filled in. */
export function settled(value: number | undefined): number {
  if (value === undefined)
    throw new ParapetError('internal', 'An option of the loss is not settled: call checkExportSettings.')
  return value
}
