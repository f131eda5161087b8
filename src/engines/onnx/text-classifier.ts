/**
 * A text classifier from a local folder: encoders (BERT, RoBERTa, DeBERTa), decoders with a classification head (Qwen2 as in
 * DuoGuard), and graphs of two branches. Every part of a text is read, in windows where it is long; the highest probability counts.
 *
 * What a label means is the guard's matter.
 */
import { createHash } from 'node:crypto'
import type {
  CompletionOptions,
  TextClassification,
  TextClassifierEngine,
  TextClassifierInput,
} from '../../spec/index.ts'
import { folderError } from './folder-error.ts'
import type { RunResult } from './graph-session.ts'
import type { Activation } from './model-config.ts'
import { activationOf, labelsOf } from './model-config.ts'
import type { OpenModel } from './open-model.ts'
import { openModel, trialRows } from './open-model.ts'
import type { OnnxModelOptions } from './options.ts'

export interface TextClassifierOptions extends OnnxModelOptions {
  /** Names of the outputs in their order. Default: `id2label` of `config.json`. */
  readonly labels?: readonly string[]
  /** How logits become probabilities. Default: by `problem_type`, else softmax where there are several labels. */
  readonly activation?: Activation
  /** Which text of a pair the model reads first. Default `context`. */
  readonly first?: 'context' | 'text'
}

/**
 * Loads it and runs it once on a short text, so that what does not fit together is found now.
 *
 * @throws ParapetError `engine_unavailable` where a file is missing, damaged or of another model, or onnxruntime-node is not
 * installed; `configuration` for wrong options
 */
export async function loadTextClassifier(
  folder: string,
  options: TextClassifierOptions = {},
): Promise<TextClassifierEngine> {
  const { first = 'context' } = options
  const model = await openModel(folder, options, { outputs: ['logits'], contextFirst: first === 'context' })
  try {
    const labels = labelsOf(model.folder, options.labels)
    const { dims } = await probeOf(model)
    const [, width = 0] = dims
    if (dims.length !== 2) throw noLabels(folder, dims)
    if (labels === null)
      throw folderError(
        folder,
        `config.json names no labels (id2label). Give the names of its ${width} outputs as labels.`,
      )
    if (labels.length !== width)
      throw folderError(
        folder,
        `it has ${width} outputs, but ${labels.length} labels: ${labels.join(', ').slice(0, 200)}. Name each output once.`,
      )
    const activation = activationOf(model.folder, width, options.activation)
    return new FolderClassifier(model, labels, activation)
  } catch (cause) {
    await model.session.dispose()
    throw cause
  }
}

async function probeOf(model: OpenModel): Promise<RunResult> {
  const [window] = trialRows(model)
  let result: RunResult = { data: new Float32Array(), dims: [] }
  await model.session.run([window?.row ?? []], {}, (_, found) => (result = found))
  return result
}

function noLabels(folder: string, dims: readonly number[]): Error {
  return folderError(folder, `its output has the shape [${dims.join()}], not a row of labels for each text.`)
}

class FolderClassifier implements TextClassifierEngine {
  readonly specVersion = 'v1'
  readonly kind = 'text-classifier'
  readonly id: string
  readonly version: string
  readonly labels: readonly string[]
  readonly exclusive: boolean
  readonly #model: OpenModel

  constructor(model: OpenModel, labels: readonly string[], activation: Activation) {
    this.#model = model
    this.id = model.id
    this.labels = labels
    this.exclusive = activation === 'softmax'
    const facts = JSON.stringify([...model.facts, labels, activation])
    this.version = createHash('sha256').update(facts).digest('hex').slice(0, 16)
  }

  async classify(
    inputs: readonly TextClassifierInput[],
    call: CompletionOptions = {},
  ): Promise<readonly TextClassification[]> {
    const { rows, session, folder } = this.#model
    const windows = inputs.map((input) => rows.rowsOf(input))
    const all = windows.flat()
    const found: (readonly number[])[] = []
    await session.run(
      all.map(({ row }) => row),
      call,
      (place, { data, dims }, at) => {
        const width = this.labels.length
        // A graph that answers for each token may have had as many labels as the first text had tokens.
        if (dims.length !== 2 || dims[1] !== width) throw noLabels(folder.folder, dims)
        const logits = data.subarray(at * width, (at + 1) * width)
        found[place] = this.exclusive ? softmax(logits) : Array.from(logits, sigmoid)
      },
    )
    let from = 0
    return windows.map(({ length }): TextClassification => {
      const own = found.slice(from, (from += length))
      return {
        probabilities: this.labels.map((_, label) => Math.max(...own.map((one) => one[label] ?? 0))),
        windows: own,
      }
    })
  }

  dispose(): Promise<void> {
    return this.#model.session.dispose()
  }
}

function softmax(logits: Float32Array): readonly number[] {
  const largest = Math.max(...logits)
  const weights = Array.from(logits, (logit) => Math.exp(logit - largest))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => weight / total)
}

function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit))
}
