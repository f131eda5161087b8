/**
 * The classifier of the game over hashed features of one text, always trained from scratch (arXiv 2502.05163: for stability), with one of
 * two sets of outputs. `twelve` are the paper's categories, decided by the largest. `one` says whether any applies. The paper's language model
 * shares what it learns between its outputs; a linear model shares nothing, so each of twelve sees few harmful rows and the largest of them
 * ranks worse than one output that sees all (docs/guides/two-player.md has the figures).
 *
 * The sum of cross-entropies goes through the trainer of the embedded guard's fast tier, with its number of buckets; the ranking loss of the
 * released code couples the outputs of a row, which that trainer cannot, and has a step of its own here with the same features, rates and
 * order. With one output both losses are the same function. Seeded and single-threaded: the same rows and seed give the same
 * numbers. It is no guard: it has neither calibration nor a file form.
 */
import { HashedFeatures } from '../../../nn/hashed-features.ts'
import { createRandom } from '../../../nn/random.ts'
import { ParapetError } from '../../../spec/errors.ts'
import { shuffle, trainLinear } from '../linear-trainer.ts'
import { DUOGUARD_LABELS, type LabelDecision, type LabelTargets, decide } from './labels.ts'
import { type ClassifierLoss, CLASSIFIER_LOSSES, sigmoid } from './losses.ts'

export interface LabelledText {
  readonly text: string
  readonly targets: LabelTargets
}

export interface ClassifierSettings {
  readonly outputs: 'one' | 'twelve'
  readonly loss: ClassifierLoss
  /** log2 of the buckets. */
  readonly bits: number
  readonly epochs: number
  readonly rate: number
  readonly decay: number
}

/** The fast tier's own, with its number of buckets. */
export const CLASSIFIER_SETTINGS: ClassifierSettings = {
  ...{ outputs: 'one', loss: 'bce', bits: 18, epochs: 4, rate: 0.3, decay: 1e-6 },
}

/** Beginning of a text that is looked at, as in training of the shipped model. */
const LONGEST = 3000
const HARMFUL = 'harmful'

/** Weights by bucket and output. */
interface Weights {
  readonly values: Int8Array | Float32Array
  readonly scales: ArrayLike<number>
  readonly biases: ArrayLike<number>
}

export class LabelClassifier {
  readonly #features: HashedFeatures
  readonly #weights: Weights

  constructor(bits: number, weights: Weights) {
    this.#features = new HashedFeatures(bits)
    this.#weights = weights
  }

  /** One logit an output. */
  logits(text: string): Float64Array {
    const features = this.#features
    features.extract(text, 0, Math.min(text.length, LONGEST))
    return sums(this.#weights, features.buckets, features.count)
  }

  probabilities(text: string): Float64Array {
    return this.logits(text).map(sigmoid)
  }

  /** With one output no category is told apart: none is triggered. */
  decide(text: string): LabelDecision {
    const decision = decide(this.probabilities(text))
    return this.#weights.biases.length === 1 ? { ...decision, triggered: [] } : decision
  }
}

/**
 * Trains from nothing.
 *
 * @throws ParapetError `input_invalid` without rows of both kinds: with one, everything would be called that.
 */
export function trainLabelClassifier(
  rows: readonly LabelledText[],
  settings: ClassifierSettings,
  seed: number,
): LabelClassifier {
  const harmful = rows.filter(({ targets }) => targets.includes(1)).length
  if (harmful === 0 || harmful === rows.length)
    throw new ParapetError(
      'input_invalid',
      `${rows.length} rows to learn from, ${harmful} of them harmful. Give rows of both kinds.`,
    )
  const features = new HashedFeatures(settings.bits)
  const examples = rows.map(({ text, targets }): Example => {
    features.extract(text, 0, Math.min(text.length, LONGEST))
    const own = settings.outputs === 'one' ? ([targets.includes(1) ? 1 : 0] as const) : targets
    return { buckets: features.buckets.slice(0, features.count), targets: own }
  })
  const separate = settings.outputs === 'one' || settings.loss === 'bce'
  const weights = separate ? byCrossEntropy(examples, settings, seed) : byRanking(examples, settings, seed)
  return new LabelClassifier(settings.bits, weights)
}

interface Example {
  readonly buckets: Int32Array
  readonly targets: LabelTargets
}

function byCrossEntropy(examples: readonly Example[], settings: ClassifierSettings, seed: number): Weights {
  const { bits, epochs, rate, decay } = settings
  const outputs = settings.outputs === 'one' ? [HARMFUL] : DUOGUARD_LABELS
  const [model] = trainLinear(
    examples.map(({ buckets, targets }) => ({
      segments: [{ part: 0, buckets }],
      targets: targets.map((target, output) => [output, target] as const),
      weight: 1,
    })),
    {
      ...{ outputs, epochs, rate, decay, seed },
      parts: [{ bits, outputs: outputs.map((_, output) => output) }],
    },
  )
  if (model === undefined) throw new RangeError('one part was trained')
  return { values: model.weights, scales: model.scales, biases: model.biases }
}

/** AdaGrad over whole rows: the gradient of a category depends on the logits of all. */
function byRanking(examples: readonly Example[], settings: ClassifierSettings, seed: number): Weights {
  const { bits, epochs, rate: highest, decay } = settings
  const width = DUOGUARD_LABELS.length
  const values = new Float32Array(2 ** bits * width)
  const squares = new Float32Array(values.length)
  const biases = new Float64Array(width)
  const weights: Weights = { values, scales: new Float32Array(width).fill(1), biases }
  const random = createRandom(seed)
  const order = Int32Array.from(examples, (_, at) => at)
  for (let epoch = 0; epoch < epochs; epoch++) {
    shuffle(order, random)
    const rate = highest * (1 - epoch / epochs)
    for (const at of order) {
      const { buckets, targets } = examples[at] as Example
      const gradient = CLASSIFIER_LOSSES[settings.loss].gradient(sums(weights, buckets, buckets.length), targets)
      gradient.forEach((slope, output) => (biases[output] = (biases[output] ?? 0) - 0.02 * rate * slope))
      const scale = 1 / Math.sqrt(Math.max(1, buckets.length))
      for (const bucket of buckets)
        for (let output = 0; output < width; output++) {
          const place = bucket * width + output
          const slope = (gradient[output] ?? 0) * scale
          const total = (squares[place] ?? 0) + slope * slope
          squares[place] = total
          const value = values[place] ?? 0
          values[place] = value - (rate * (slope + decay * value)) / Math.sqrt(total + 1e-3)
        }
    }
  }
  return weights
}

/** `bias + scale · Σ weights / √n` of each output over the distinct features. */
function sums({ values, scales, biases }: Weights, buckets: Int32Array, count: number): Float64Array {
  const width = biases.length
  const logits = new Float64Array(width)
  for (let at = 0; at < count; at++) {
    const from = (buckets[at] ?? 0) * width
    for (let output = 0; output < width; output++) logits[output] = (logits[output] ?? 0) + (values[from + output] ?? 0)
  }
  const divisor = Math.sqrt(Math.max(1, count))
  return logits.map((sum, output) => (biases[output] ?? 0) + ((scales[output] ?? 0) * sum) / divisor)
}
