/**
 * Off-topic prompts by a trained model (Chua et al. 2024, arXiv 2411.12946): is what a user writes relevant to the system prompt? It reports
 * `off_topic`. A model that fails, and a request without a scope, are errors and never on topic.
 *
 * Windows, streams and scores are those of the text-classifier guard; it loads nothing, the engine is handed in.
 */
import type { Guard, Stage, TextClassifierEngine } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { createTextClassifierGuard } from '../text-classifier/index.ts'
import { markUntested } from './untested.ts'

export interface TopicGuardOptions {
  readonly id?: string
  /** Labels `on_topic` and `off_topic`; `context` is the scope. */
  readonly engine: TextClassifierEngine
  /** Off topic above this probability, from 0.4 (stricter) to 0.6. Default 0.5, which the model is calibrated for. */
  readonly threshold?: number
  /** The system prompt where a request has none. */
  readonly system?: string
  /** Default `input`. */
  readonly stages?: readonly Stage[]
  /** Characters judged at once. Default 600: about what the encoder reads. */
  readonly window?: number
  /** Default three quarters of `window`. */
  readonly hop?: number
  /** Longer texts are refused with `input_too_large`. Default 64,000 characters. */
  readonly longest?: number
  /** ISO 639-1 codes in which the model was shown to work: findings in another language are marked `untested`. Default `en`. */
  readonly languages?: readonly string[]
}

/** What a model calibrated for 0.5 can be asked for; beyond it, train it on other samples. */
export const TOPIC_THRESHOLDS = { lowest: 0.4, usual: 0.5, highest: 0.6 } as const
const WINDOW = 600
/** The shipped model is near chance in German, French and Spanish (docs/guides/develop.md), whatever it is taught. */
const LANGUAGES: readonly string[] = ['en']

/**
 * Creates the guard.
 *
 * @throws ParapetError `configuration`, also for a threshold outside 0.4 to 0.6
 */
export function createTopicGuard(options: TopicGuardOptions): Guard {
  const {
    id = 'topic',
    threshold = TOPIC_THRESHOLDS.usual,
    stages = ['input'],
    window = WINDOW,
    languages = LANGUAGES,
    ...rest
  } = options
  if (!(threshold >= TOPIC_THRESHOLDS.lowest && threshold <= TOPIC_THRESHOLDS.highest))
    throw new ParapetError(
      'configuration',
      `The threshold of an off-topic guard lies from 0.4 to 0.6, not at ${threshold}: lower finds more, higher alarms less.`,
    )
  const guard = createTextClassifierGuard({
    ...{ id, threshold, stages, window, ...rest },
    ...{ sees: 'system', labels: { on_topic: [], off_topic: ['off_topic'] } },
  })
  return markUntested(guard, 'off_topic', languages)
}
