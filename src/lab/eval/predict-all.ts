/**
 * Runs a subject over samples: a few at a time, each with a deadline. Every sample gets a prediction; a throw, a broken answer or a
 * missed deadline is one with that name, never a verdict.
 *
 * A subject that ignores its signal still times out; its late answer is dropped. Nothing is retried.
 */
import { ParapetError } from '../../spec/index.ts'
import type { EvaluationSample } from './sample.ts'
import type { Prediction, Subject } from './subject.ts'

/** Longest time without a look at signals and timers: a subject that never waits for anything would keep both from being heard. */
const BREATH_MS = 50

export interface PredictAllOptions {
  readonly concurrency: number
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** Called after each sample, in the order they end. */
  readonly onPrediction?: ((sample: EvaluationSample, prediction: Prediction) => void) | undefined
}

/**
 * Predictions in the order of the samples.
 *
 * @throws ParapetError `aborted` once `signal` fires.
 */
export async function predictAll(
  subject: Subject,
  samples: readonly EvaluationSample[],
  { concurrency, timeoutMs, signal, onPrediction }: PredictAllOptions,
): Promise<readonly Prediction[]> {
  const predictions: Prediction[] = []
  let next = 0
  let breath = performance.now()
  const work = async (): Promise<void> => {
    for (let index = next++; index < samples.length; index = next++) {
      if (signal?.aborted === true) throw new ParapetError('aborted', 'The evaluation was stopped.')
      const sample = samples[index]
      if (sample === undefined) return
      const prediction = await predictOne(subject, sample, timeoutMs, signal)
      predictions[index] = prediction
      onPrediction?.(sample, prediction)
      if (performance.now() - breath > BREATH_MS) {
        await new Promise((resume) => setImmediate(resume))
        breath = performance.now()
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, samples.length) }, work))
  return predictions
}

async function predictOne(
  subject: Subject,
  sample: EvaluationSample,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<Prediction> {
  const started = performance.now()
  const elapsed = (): number => performance.now() - started
  const controller = new AbortController()
  let stop: () => void = () => {}
  const stopped = new Promise<'stopped'>((resolve) => {
    stop = () => resolve('stopped')
  })
  const timer = setTimeout(stop, timeoutMs)
  signal?.addEventListener('abort', stop, { once: true })
  try {
    const answer = await Promise.race([askSubject(subject, sample, controller.signal), stopped])
    if (signal?.aborted === true) throw new ParapetError('aborted', 'The evaluation was stopped.')
    // A subject that computes without a pause cannot be cut off, but its answer came too late all the same.
    if (answer === 'stopped' || elapsed() > timeoutMs)
      return { outcome: 'timeout', message: `No answer within ${timeoutMs} ms.`, milliseconds: elapsed() }
    return checked(answer, elapsed())
  } catch (error) {
    if (signal?.aborted === true) throw new ParapetError('aborted', 'The evaluation was stopped.', { cause: error })
    return {
      outcome: 'error',
      message: error instanceof Error ? error.message : String(error),
      milliseconds: elapsed(),
    }
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
    controller.abort()
  }
}

/** An async function, so that a synchronous throw is a rejection too. */
async function askSubject(subject: Subject, sample: EvaluationSample, signal: AbortSignal): Promise<Prediction> {
  return subject.predict(sample, signal)
}

/** A scored answer that says nothing, or a score that is none, is an unreadable answer. */
function checked(answer: Prediction, elapsed: number): Prediction {
  const milliseconds = Number.isFinite(answer.milliseconds) && answer.milliseconds >= 0 ? answer.milliseconds : elapsed
  if (answer.outcome !== 'scored') return { ...answer, milliseconds }
  const { score, positive } = answer
  if (score === null && positive === null)
    return { outcome: 'parse_failure', message: 'Neither a score nor a verdict.', milliseconds }
  if (score !== null && !(score >= 0 && score <= 1))
    return { outcome: 'parse_failure', message: `The score is ${score}, which is not in 0…1.`, milliseconds }
  return { ...answer, milliseconds }
}
