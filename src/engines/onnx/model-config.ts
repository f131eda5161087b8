/** What `config.json` and `tokenizer_config.json` say of a model: labels, how its outputs become probabilities, lengths, vocabulary. */
import { folderError, optionError } from './folder-error.ts'
import type { ModelFolder } from './model-folder.ts'

/** `softmax`: one label of all. `sigmoid`: each label by itself. */
export type Activation = 'softmax' | 'sigmoid'

/** Sequences are no longer than this unless the caller says so: time grows with more than the length. */
const USUAL_LENGTH = 512
/** Tokenizers without a limit say a very large number. */
const NO_LIMIT = 1e6
/** Their positions begin after the padding token, so that two are never used. */
const SHIFTED_POSITIONS = /^(?:roberta|xlm-roberta|camembert|data2vec-text|longformer|mpnet)$/

type Facts = Pick<ModelFolder, 'folder' | 'config'>

/** Labels in the order of the outputs: those given, else those of the file. Null where neither says. */
export function labelsOf({ folder, config }: Facts, given?: readonly string[]): readonly string[] | null {
  if (given !== undefined) return checkGiven(given)
  const { id2label } = config
  if (typeof id2label !== 'object' || id2label === null) return null
  const names = id2label as Readonly<Record<string, unknown>>
  const count = Object.keys(names).length
  const labels = Array.from({ length: count }, (_, index) => {
    const name = names[String(index)]
    if (typeof name === 'string' && name !== '') return name
    throw folderError(
      folder,
      `id2label in config.json has no name for ${index}. Number its labels from 0 to ${count - 1}.`,
    )
  })
  if (new Set(labels).size < count) throw folderError(folder, 'id2label in config.json names a label twice.')
  return count === 0 ? null : labels
}

function checkGiven(labels: readonly string[]): readonly string[] {
  if (labels.length === 0 || labels.includes('') || new Set(labels).size < labels.length)
    throw optionError('labels must be names, each once')
  return labels
}

/**
 * How logits become probabilities: as given, else by `problem_type`, else as transformers' text classification does it: softmax
 * where there are several labels.
 */
export function activationOf({ folder, config }: Facts, labels: number, given?: Activation): Activation {
  if (given !== undefined) {
    if (given !== 'softmax' && given !== 'sigmoid') throw optionError('activation is softmax or sigmoid')
    if (given === 'softmax' && labels === 1)
      throw optionError('activation is softmax, which is always 1 over one label. Use sigmoid')
    return given
  }
  switch (config['problem_type'] ?? null) {
    case 'single_label_classification':
      return labels === 1 ? 'sigmoid' : 'softmax'
    case 'multi_label_classification':
      return 'sigmoid'
    case null:
      return labels === 1 ? 'sigmoid' : 'softmax'
    default:
      throw folderError(
        folder,
        `its problem_type is ${JSON.stringify(config['problem_type'])}, which gives no probabilities. Set activation if it does.`,
      )
  }
}

/** Most tokens of a sequence, control tokens included. */
export function maxTokensOf(model: Pick<ModelFolder, 'folder' | 'config' | 'tokenizer'>, given?: number): number {
  const positions = positionsOf(model.config)
  if (given !== undefined) {
    if (!Number.isSafeInteger(given) || given < 1) throw optionError('maxTokens must be a whole number above 0')
    if (given > positions) throw optionError(`maxTokens is ${given}, but the model has ${positions} positions`)
    return given
  }
  const declared = model.tokenizer.config['model_max_length']
  const limit = typeof declared === 'number' && declared >= 1 && declared < NO_LIMIT ? Math.floor(declared) : Infinity
  return Math.min(USUAL_LENGTH, limit, positions)
}

function positionsOf(config: Facts['config']): number {
  const { max_position_embeddings: positions, model_type: type, pad_token_id: pad } = config
  if (typeof positions !== 'number' || !(positions >= 1)) return Infinity
  if (typeof type !== 'string' || !SHIFTED_POSITIONS.test(type)) return positions
  return positions - (typeof pad === 'number' ? pad : 1) - 1
}

/** Throws where the tokenizer can give ids that the model has no row for. */
export function checkVocabulary({ folder, config }: Facts, tokens: number): void {
  const { vocab_size: rows } = config
  if (typeof rows === 'number' && tokens > rows)
    throw folderError(
      folder,
      `its tokenizer has ${tokens} tokens, the model ${rows}. tokenizer.json and config.json are of different models.`,
    )
}

/** The id that fills sequences up: the model's, else the tokenizer's, else 0. */
export function padTokenOf(config: Facts['config'], tokenizer: number | undefined): number {
  const pad = config['pad_token_id']
  return typeof pad === 'number' && Number.isSafeInteger(pad) && pad >= 0 ? pad : (tokenizer ?? 0)
}
