/**
 * The deep tier of the embedded classifier: a sentence encoder that is asked only where the fast tier is unsure, and what both tiers
 * say together. Needs no Node API; onnxruntime is loaded on first need.
 *
 * It finds no windows and knows no policy, and it is not for streams: they settle by the fast tier.
 */
import { readGuardEncoder, type GuardEncoderData, type HeadCalibration } from '../../nn/encoder/guard-encoder.ts'
import { readModelFile } from '../../nn/model-file.ts'
import { createLanguageDetector, type LanguageDetector } from '../../nn/runtime/language-detector.ts'
import { loadOnnxRuntime, type OnnxRuntime } from '../../nn/runtime/onnx-runtime.ts'
import type { ClassifierHead, ClassifierInput, ClassifierScores, Coverage, Field } from '../../spec/index.ts'
import { EncoderSessions } from './encoder-sessions.ts'
import { HEADS, isHazard } from './heads.ts'

/** Keeps the fast tier's logit finite. */
const NEAREST = 1e-6
const ANY_LANGUAGE = '*'

export interface DeepTierOptions {
  /** For messages. Default `deep`. */
  readonly name?: string
  /** `all` asks about every text and replaces every score, whatever the file's bands say: for measuring. Default `file`. */
  readonly band?: 'file' | 'all'
  /** What a missing onnxruntime means: an error, or that the fast tier decides alone from then on. Default `error`. */
  readonly withoutRuntime?: 'error' | 'fast'
  /** Default: `loadOnnxRuntime`. */
  readonly runtime?: () => Promise<OnnxRuntime>
}

export interface DeepTier {
  readonly id: string
  /** Hash of the weights, and `:all` where every text is asked about. */
  readonly version: string
  /** By output, then language. */
  readonly coverage: Readonly<Record<string, Readonly<Record<string, Coverage>>>>
  /** See `ClassifierEngine.refine`. Calls may overlap. */
  refine(input: ClassifierInput, scores: ClassifierScores): Promise<ClassifierScores> | null
  /** Loads all that is otherwise loaded on first need; says which runtime runs it, or null where there is none. */
  open(): Promise<OnnxRuntime['kind'] | null>
  /** Time for one text of so many tokens; null without a runtime. */
  milliseconds(tokens: number): Promise<number | null>
}

/** A deep tier from the bytes of a model file. Throws `engine_unavailable` when they are damaged. */
export function createDeepTier(bytes: Uint8Array, options: DeepTierOptions = {}): DeepTier {
  return new EncoderTier(bytes, options)
}

/** A score that the deep tier can replace. */
interface Question {
  readonly name: ClassifierHead | 'hazard'
  readonly part: 'text' | 'response'
  readonly output: string
  readonly field: Field
  /** What the fast tier says. */
  readonly fast: number
}

interface Opened {
  readonly sessions: EncoderSessions
  /** Null where no calibration depends on the language. */
  readonly language: LanguageDetector | null
}

class EncoderTier implements DeepTier {
  readonly version: string
  readonly #model: GuardEncoderData
  readonly #options: Required<DeepTierOptions>
  #opened: Promise<Opened | null> | null = null
  #missing = false

  constructor(bytes: Uint8Array, options: DeepTierOptions) {
    const { name = 'deep', band = 'file', withoutRuntime = 'error', runtime = loadOnnxRuntime } = options
    this.#options = { name, band, withoutRuntime, runtime }
    this.#model = readGuardEncoder(bytes, name)
    const { checksum } = readModelFile(bytes, name)
    this.version = band === 'all' ? `${checksum}:all` : checksum
  }

  get id(): string {
    return this.#model.id
  }

  get coverage(): DeepTier['coverage'] {
    return this.#model.coverage
  }

  refine(input: ClassifierInput, scores: ClassifierScores): Promise<ClassifierScores> | null {
    if (this.#missing) return null
    const questions = this.#questions(input, scores)
    if (!questions.some((question) => this.#isUnsure(question))) return null
    const { band } = this.#model
    return this.#answer(
      input,
      scores,
      // Of a score outside its band the fast tier is sure. Hazards without one are told apart better by whoever was asked anyway.
      questions.filter((one) => this.#isUnsure(one) || (one.name === 'hazard' && band[one.output] === undefined)),
    )
  }

  async open(): Promise<OnnxRuntime['kind'] | null> {
    return (await this.#open())?.sessions.runtime ?? null
  }

  async milliseconds(tokens: number): Promise<number | null> {
    return (await this.#open())?.sessions.milliseconds(tokens) ?? null
  }

  #questions({ prompt, response }: ClassifierInput, scores: ClassifierScores): readonly Question[] {
    const { heads } = this.#model
    const questions: Question[] = []
    for (const name of Object.keys(HEADS) as ClassifierHead[]) {
      const [part, output, field] = HEADS[name]
      const fast = scores[name]
      const given = field === 'prompt' ? prompt !== undefined : response !== undefined
      if (fast !== null && given && heads[part].includes(output)) questions.push({ name, part, output, field, fast })
    }
    const field = response === undefined ? 'prompt' : 'response'
    for (const output of heads.text) {
      const fast = scores.categories[output]
      if (fast !== undefined && isHazard(output)) questions.push({ name: 'hazard', part: 'text', output, field, fast })
    }
    return questions
  }

  #isUnsure({ output, fast }: Question): boolean {
    if (this.#options.band === 'all') return true
    const [low, high] = this.#model.band[output] ?? [1, 0]
    return low <= fast && fast <= high
  }

  async #answer(
    input: ClassifierInput,
    scores: ClassifierScores,
    questions: readonly Question[],
  ): Promise<ClassifierScores> {
    const opened = await this.#open()
    if (opened === null) return scores
    const { sessions, language } = opened
    const { prompt = '', response = '' } = input
    const context = prompt === '' || !questions.some(({ part }) => part === 'response') ? null : prompt
    const heads: { -readonly [Head in ClassifierHead]?: number } = {}
    const categories: Record<string, number> = { ...scores.categories }
    for (const field of ['prompt', 'response'] as const) {
      const own = questions.filter((question) => question.field === field)
      if (own.length === 0) continue
      const text = field === 'prompt' ? prompt : response
      const spoken = language?.(text) ?? ANY_LANGUAGE
      const vector = await sessions.vector(text)
      for (const part of ['text', 'response'] as const) {
        const asked = own.filter((question) => question.part === part)
        if (asked.length === 0) continue
        const beside = part === 'response' && context !== null ? await sessions.vector(context) : null
        const logits = await sessions.logits(part, vector, beside)
        for (const { name, output, fast } of asked) {
          const score = together(this.#calibration(output, spoken), logits[output] ?? 0, fast)
          if (name === 'hazard') categories[output] = score
          else heads[name] = score
        }
      }
    }
    const deep = questions.map(({ name, output }) => (name === 'hazard' ? output : name))
    return { ...scores, ...heads, categories, deep }
  }

  #calibration(output: string, language: string): HeadCalibration {
    const known = this.#model.calibration[output] ?? {}
    return known[language] ?? known[ANY_LANGUAGE] ?? { deep: 0, fast: 1, bias: 0 }
  }

  /** Null without a runtime, where that is no error. A failure stays one: the fast tier must not take over unnoticed. */
  #open(): Promise<Opened | null> {
    return (this.#opened ??= this.#load())
  }

  async #load(): Promise<Opened | null> {
    const { name, runtime, withoutRuntime } = this.#options
    let loaded: OnnxRuntime
    try {
      loaded = await runtime()
    } catch (cause) {
      if (withoutRuntime === 'error') throw cause
      this.#missing = true
      return null
    }
    const languages = Object.values(this.#model.calibration).flatMap((entry) => Object.keys(entry))
    const detects = languages.some((language) => language !== ANY_LANGUAGE)
    return {
      sessions: await EncoderSessions.open(this.#model, name, loaded),
      language: detects ? await createLanguageDetector() : null,
    }
  }
}

/** What both tiers say together, 0…1. */
function together({ deep, fast, bias }: HeadCalibration, logit: number, probability: number): number {
  const clamped = Math.min(1 - NEAREST, Math.max(NEAREST, probability))
  return 1 / (1 + Math.exp(-(deep * logit + fast * Math.log(clamped / (1 - clamped)) + bias)))
}
