/**
 * A small decoder trained here as the generator: it first learns to do what a teacher does (the transforms), is then sampled, and every round
 * tunes all its weights on the preferences by DPO + RPO, through the same losses and training loop as `lab align`.
 *
 * It shows the whole loop of the paper with a language model that is really updated, at a size that trains on a processor in minutes. Its
 * texts are poor beyond short sentences of the kind it was taught; for real data use transforms or an engine.
 *
 * The reference of every round is the generator before the game, as in the paper.
 */
import { loadOnnxRuntime, type OnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import type { ParameterValues } from '../../../nn/tensor/parameters.ts'
import { ParapetError } from '../../../spec/errors.ts'
import { requireTrainingMemory } from '../../checkpoints/training-memory.ts'
import { alignDecoder } from '../../align/align-decoder.ts'
import { copyOf } from '../../align/copy-parameters.ts'
import { type FlowModel, flowModel, pretrain, withAnswers } from '../../align/flow/flow-model.ts'
import type { PreferencePair } from '../../align/pairs.ts'
import type { Translation } from '../../translate/apertium.ts'
import type { WorldMessage } from '../../world/types.ts'
import { RPO_LOSS } from './losses.ts'
import type { Generator, GeneratorFactory, Proposal, SeedRow } from './proposal.ts'
import { ratingMatches } from './rating.ts'
import { rateMeaning } from './transforms/meaning-check.ts'
import type { GameTranslator } from './transforms/translators.ts'

export interface DecoderGeneratorOptions {
  /** Whose proposals are learnt before the game. */
  readonly teacher: GeneratorFactory
  readonly translators: readonly GameTranslator[]
  /** Steps in which the teacher's texts are learnt. */
  readonly steps: number
  readonly vocabularySize?: number
  readonly width?: number
  /** Highest learning rate of the preference updates. */
  readonly learningRate?: number
  /** Passes over the pairs of a round. */
  readonly passes?: number
  /** Loaded if absent. */
  readonly runtime?: OnnxRuntime
}

/** Seeds that the teacher proposes about, at most, and the longest in characters: the decoder's window is small. */
const MOST_SEEDS = 500
const LONGEST_SEED = 160
/** Proposals of the teacher for each seed and language. */
const TAUGHT = 3
const HEADS = 4

export function decoderGenerator(options: DecoderGeneratorOptions): GeneratorFactory {
  return async (context) => {
    const { translators, steps, vocabularySize = 400, width = 64, learningRate = 5e-4, passes = 2 } = options
    const runtime = options.runtime ?? (await loadOnnxRuntime())
    const languages = translators.map(({ language }) => language)
    const turns = await taught(options, context, languages)
    const model = await flowModel(turns, {
      vocabularySize,
      shape: { width, headWidth: width / HEADS, heads: HEADS, keyValueHeads: HEADS, feedForward: 2 * width, layers: 2 },
    })
    requireTrainingMemory('the decoder', model.config, 4)
    const { parameters } = await pretrain({
      ...{ runtime, model, turns, steps, tokensPerStep: 1024, learningRate: 4e-3, seed: context.seed },
      ...(context.signal === undefined ? {} : { signal: context.signal }),
    })
    return new Player({ model, runtime, translators, learningRate, passes, baseScore: context.baseScore }, parameters)
  }
}

/** What the teacher makes of the seeds, as turns to learn. */
async function taught(
  { teacher }: DecoderGeneratorOptions,
  context: Parameters<GeneratorFactory>[0],
  languages: readonly string[],
): Promise<readonly { prompt: readonly WorldMessage[]; response: string; desirable: true }[]> {
  const generator = await teacher(context)
  const during = context.signal === undefined ? {} : { signal: context.signal }
  const seeds = context.seeds.filter(({ text }) => text.length <= LONGEST_SEED).slice(0, MOST_SEEDS)
  try {
    const { proposals } = await generator.propose({
      seeds,
      languages,
      count: TAUGHT,
      temperature: 1,
      seed: context.seed,
      ...during,
    })
    const ratings = await generator.rate(proposals, { seed: context.seed, ...during })
    const kept = proposals.filter(({ seed }, at) => ratingMatches(ratings[at] ?? null, seed.label))
    if (kept.length === 0)
      throw new ParapetError(
        'input_invalid',
        'The teacher made no proposal that keeps its label. Give a larger lexicon or other seeds.',
      )
    return kept.map(({ seed, language, text }) => ({
      prompt: promptOf(seed, language),
      response: text,
      desirable: true,
    }))
  } finally {
    await generator.dispose()
  }
}

/** Short, for a model that reads few tokens: language and label stand in one word each. */
function promptOf({ text, label }: SeedRow, language: string): readonly WorldMessage[] {
  return [{ role: 'user', content: `${language} ${label === 1 ? 'harmful' : 'harmless'}: ${text}` }]
}

interface PlayerParts {
  readonly model: FlowModel
  readonly runtime: OnnxRuntime
  readonly translators: readonly GameTranslator[]
  readonly learningRate: number
  readonly passes: number
  readonly baseScore: (text: string) => number
}

type KeptParameters = Readonly<Record<string, { readonly shape: readonly number[]; readonly data: string }>>

class Player implements Generator {
  readonly id: string
  readonly rater = 'rules on the text (meaning check) and the un-tuned classifier of round 0 on the English seed'
  readonly learns = true
  readonly #parts: PlayerParts
  /** The generator before the game: p_ref of the preference loss. */
  readonly #reference: ParameterValues
  #parameters: ParameterValues

  constructor(parts: PlayerParts, parameters: ParameterValues) {
    this.#parts = parts
    this.#parameters = parameters
    this.#reference = copyOf(parameters)
    const { width, layers } = parts.model.config
    this.id = `decoder of ${layers} layers, width ${width}`
  }

  async propose({
    seeds,
    languages,
    count,
    temperature,
    seed,
    signal,
  }: Parameters<Generator['propose']>[0]): ReturnType<Generator['propose']> {
    const { model, runtime } = this.#parts
    const asked = seeds.flatMap((row) =>
      languages.flatMap((language) => Array.from({ length: count }, () => ({ row, language }))),
    )
    const answers = await withAnswers(
      { runtime, model, parameters: this.#parameters, temperature, seed, ...(signal === undefined ? {} : { signal }) },
      (answer) => answer(asked.map(({ row, language }) => promptOf(row, language))),
    )
    const proposals = asked.flatMap(({ row, language }, at): readonly Proposal[] => {
      const text = answers[at]?.text.trim() ?? ''
      return text === '' ? [] : [{ seed: row, language, text, way: 'decoder' }]
    })
    return { proposals, failed: asked.length - proposals.length }
  }

  async rate(
    proposals: readonly Proposal[],
    { signal }: Parameters<Generator['rate']>[1],
  ): ReturnType<Generator['rate']> {
    const { translators, baseScore } = this.#parts
    const ratings: (number | null)[] = proposals.map(() => null)
    for (const translator of translators) {
      const { language } = translator
      const own = proposals.flatMap((proposal, at) => (proposal.language === language ? [{ proposal, at }] : []))
      const plains: readonly Translation[] = await translator.plain(
        own.map(({ proposal }) => proposal.seed.text),
        signal,
      )
      own.forEach(({ proposal: { seed, text }, at }, place) => {
        const plain = plains[place]
        if (plain === undefined) return
        const made = { text, body: plain.text, unknown: plain.words === 0 ? 1 : plain.unknown / plain.words }
        ratings[at] = rateMeaning(made, { seed, language, baseScore: baseScore(seed.text) })
      })
    }
    return ratings
  }

  async learn(
    pairs: Parameters<Generator['learn']>[0],
    { seed, signal }: Parameters<Generator['learn']>[1],
  ): ReturnType<Generator['learn']> {
    const { model, runtime, learningRate, passes } = this.#parts
    if (pairs.length === 0) return { pairs: 0 }
    const data = {
      pairs: pairs.map(({ chosen, rejected }): PreferencePair => ({
        prompt: promptOf(chosen.seed, chosen.language),
        ...{ chosen: chosen.text, rejected: rejected.text },
      })),
    }
    const losses: number[] = []
    const { examples, leftOut } = await alignDecoder({
      ...{ runtime, config: model.config, tokenizer: model.tokenizer, parameters: this.#parameters, data },
      reference: this.#reference,
      ...{ loss: RPO_LOSS, steps: { passes }, batch: Math.min(8, pairs.length), learningRate, seed },
      onStep: (_, { loss }) => losses.push(loss),
      ...(signal === undefined ? {} : { signal }),
    })
    return { pairs: examples, leftOut, lossBefore: losses[0] ?? 0, lossAfter: losses.at(-1) ?? 0 }
  }

  state(): KeptParameters {
    return Object.fromEntries(
      Object.entries(this.#parameters).map(([name, { shape, data }]) => [
        name,
        { shape, data: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64') },
      ]),
    )
  }

  restore(state: unknown): void {
    this.#parameters = Object.fromEntries(
      Object.entries(state as KeptParameters).map(([name, { shape, data }]) => {
        const bytes = Buffer.from(data, 'base64')
        return [
          name,
          { shape, data: new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)) },
        ]
      }),
    )
  }

  probabilities(): readonly [] {
    return []
  }

  dispose(): Promise<void> {
    return Promise.resolve()
  }
}
