/**
 * The embedded classifier as a subject: one calibrated head a task, and no verdict of its own. The threshold is the bench's.
 *
 * It adds no rules; `pipeline.ts` measures the classifier together with the other guards of a policy.
 */
import { loadEmbeddedClassifier, type EmbeddedClassifierOptions } from '../../../engines/embedded/index.ts'
import type { ClassifierEngine, ClassifierInput, ClassifierScores } from '../../../spec/index.ts'
import { judgedText } from '../contamination.ts'
import type { KnownHashes } from '../hash-list.ts'
import type { EvaluationSample, EvaluationTask } from '../sample.ts'
import type { Prediction, Subject } from '../subject.ts'
import { shippedTrainingHashes } from './shipped-hashes.ts'

/** Tasks the classifier has a head for. */
const TASKS: readonly EvaluationTask[] = ['prompt_harm', 'response_harm', 'refusal', 'injection', 'toxicity']

/** The classifier as it ships (both tiers where there are two), its fast tier alone, or its deep tier on every sample. */
export type EmbeddedTiers = 'cascade' | 'fast' | 'deep'

const NAMES: Readonly<Record<EmbeddedTiers, string>> = {
  cascade: 'embedded',
  fast: 'embedded:fast',
  deep: 'embedded:deep',
}
const LOADED: Readonly<Record<EmbeddedTiers, EmbeddedClassifierOptions>> = {
  cascade: { deep: 'auto' },
  fast: { deep: 'off' },
  deep: { deep: 'required', band: 'all' },
}

export interface EmbeddedSubjectOptions {
  /** Default `embedded`. */
  readonly name?: string
  /** Hashes of its training texts by `textHash`, where they are known. */
  readonly trainingHashes?: KnownHashes
  /** Hashes of their runs of eight words by `eightGrams`, where they are known. */
  readonly trainingEightGrams?: ReadonlySet<string>
}

export interface LoadSubjectOptions extends EmbeddedSubjectOptions {
  /** Default `cascade`. */
  readonly tiers?: EmbeddedTiers
  /** Another file of the deep tier than the shipped one. */
  readonly deepPath?: string
}

/**
 * The shipped classifier, or the one at `path`. Its name says which tiers it is asked with.
 *
 * @throws ParapetError `engine_unavailable` where a file cannot be read or is no model, a deep tier that is asked for is missing, or the
 *   shipped list of training texts is damaged.
 */
export async function loadEmbeddedSubject(path?: string, options: LoadSubjectOptions = {}): Promise<Subject> {
  const { tiers = 'cascade', deepPath, ...rest } = options
  const place = deepPath === undefined ? {} : { deepPath }
  const engine = await loadEmbeddedClassifier(path, { ...LOADED[tiers], ...place })
  const shipped = path === undefined && deepPath === undefined ? await shippedTrainingHashes() : null
  const trainingHashes = shipped === null ? {} : { trainingHashes: shipped }
  return createEmbeddedSubject(engine, { name: NAMES[tiers], ...trainingHashes, ...rest })
}

/** A subject from any classifier engine; its version is the hash of the weights. */
export function createEmbeddedSubject(
  engine: ClassifierEngine,
  { name = 'embedded', ...training }: EmbeddedSubjectOptions = {},
): Subject {
  return {
    name,
    version: engine.version,
    kind: 'measured',
    tasks: TASKS,
    ...training,
    predict: (sample) => {
      const started = performance.now()
      const input = inputOf(sample)
      const fast = engine.classify(input)
      const prediction = (scores: ClassifierScores): Prediction => {
        const { categories, deep } = scores
        const tier = engine.refine === undefined ? {} : { tier: deep === undefined ? 'fast' : 'deep' }
        const score = scoreOf(scores, sample)
        return {
          outcome: 'scored',
          score,
          positive: null,
          milliseconds: performance.now() - started,
          categories,
          ...tier,
        }
      }
      const refined = engine.refine?.(input, countedScores(fast, input, sample)) ?? null
      return refined === null ? prediction(fast) : refined.then(prediction)
    },
  }
}

/** Only an answer is read with the prompt beside it; injection is judged on whichever text the label is about. */
function inputOf(sample: EvaluationSample): ClassifierInput {
  const { prompt, response, task } = sample
  if (response === null || task === 'injection' || task === 'prompt_harm') return { prompt: judgedText(sample) }
  return prompt === '' ? { response } : { prompt, response }
}

/** As the classifier guard: a head that does not count at this stage asks nothing of the deep tier. */
function countedScores(
  scores: ClassifierScores,
  { response }: ClassifierInput,
  { system }: EvaluationSample,
): ClassifierScores {
  if (response !== undefined)
    return { ...scores, prompt_harm: null, injection_direct: null, injection_indirect: null, toxicity_prompt: null }
  return system === null ? { ...scores, injection_indirect: null } : scores
}

function scoreOf(
  scores: ClassifierScores,
  { task, system, response, harmfulOrToxic }: EvaluationSample,
): number | null {
  switch (task) {
    case 'prompt_harm':
      return harmfulOrToxic === true
        ? Math.max(scores.prompt_harm ?? 0, scores.toxicity_prompt ?? 0)
        : scores.prompt_harm
    case 'response_harm':
    case 'refusal':
      return scores[task]
    case 'injection':
      // As the classifier guard: beside a trusted task a text may be a document, so both heads are asked.
      return system === null
        ? scores.injection_direct
        : Math.max(scores.injection_direct ?? 0, scores.injection_indirect ?? 0)
    case 'toxicity':
      if (harmfulOrToxic === true) return Math.max(scores.prompt_harm ?? 0, scores.toxicity_prompt ?? 0)
      return response === null ? scores.toxicity_prompt : scores.toxicity_response
    case 'offtopic':
    case 'pii':
      return null
    default:
      return task satisfies never
  }
}
