/**
 * The embedded classifier as a subject: one calibrated head a task, and no verdict of its own. The threshold is the bench's.
 *
 * It adds no rules; `pipeline.ts` measures the classifier together with the other guards of a policy.
 */
import { loadEmbeddedClassifier } from '../../../engines/embedded/index.ts'
import type { ClassifierEngine, ClassifierScores } from '../../../spec/index.ts'
import { judgedText } from '../contamination.ts'
import type { EvaluationSample, EvaluationTask } from '../sample.ts'
import type { Subject } from '../subject.ts'

/** Tasks the classifier has a head for. */
const TASKS: readonly EvaluationTask[] = ['prompt_harm', 'response_harm', 'refusal', 'injection', 'toxicity']

export interface EmbeddedSubjectOptions {
  /** Default `embedded`. */
  readonly name?: string
  /** Hashes of its training texts by `textHash`, where they are known. */
  readonly trainingHashes?: ReadonlySet<string>
  /** Hashes of their runs of eight words by `eightGrams`, where they are known. */
  readonly trainingEightGrams?: ReadonlySet<string>
}

/**
 * The shipped classifier, or the one at `path`.
 *
 * @throws ParapetError `engine_unavailable` where the file cannot be read or is no model.
 */
export async function loadEmbeddedSubject(path?: string, options: EmbeddedSubjectOptions = {}): Promise<Subject> {
  return createEmbeddedSubject(await loadEmbeddedClassifier(path), options)
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
      const scores = classify(engine, sample)
      const score = scoreOf(scores, sample)
      const milliseconds = performance.now() - started
      return { outcome: 'scored', score, positive: null, milliseconds, categories: scores.categories }
    },
  }
}

/** Only an answer is read with the prompt beside it; injection is judged on whichever text the label is about. */
function classify(engine: ClassifierEngine, sample: EvaluationSample): ClassifierScores {
  const { prompt, response, task } = sample
  if (response === null || task === 'injection' || task === 'prompt_harm')
    return engine.classify({ prompt: judgedText(sample) })
  return engine.classify(prompt === '' ? { response } : { prompt, response })
}

function scoreOf(scores: ClassifierScores, { task, system, response }: EvaluationSample): number | null {
  switch (task) {
    case 'prompt_harm':
    case 'response_harm':
    case 'refusal':
      return scores[task]
    case 'injection':
      // As the classifier guard: beside a trusted task a text may be a document, so both heads are asked.
      return system === null
        ? scores.injection_direct
        : Math.max(scores.injection_direct ?? 0, scores.injection_indirect ?? 0)
    case 'toxicity':
      return response === null ? scores.toxicity_prompt : scores.toxicity_response
    case 'offtopic':
    case 'pii':
      return null
    default:
      return task satisfies never
  }
}
