/**
 * Prompts are read once: a prompt that was judged on the way in is not read again when its answer is judged, nor again for each
 * passage of that answer.
 *
 * A reading is kept with the conversation it belongs to (the very list of messages) and goes with it.
 */
import type { ClassifierEngine, ClassifierScores, GuardRequest, Message, StreamRequest } from '../../spec/index.ts'
import type { PassageContext } from './judge-text.ts'

interface KeptReading {
  readonly prompt: string
  readonly answer: NonNullable<PassageContext['answer']>
}

export class PromptReadings {
  readonly #engine: ClassifierEngine
  readonly #kept = new WeakMap<readonly Message[], KeptReading>()

  constructor(engine: ClassifierEngine) {
    this.#engine = engine
  }

  /** Scores of an input, of which only the first `longest` characters count. */
  read({ text, system, messages }: GuardRequest, longest: number): ClassifierScores {
    const prompt = text.normalised.slice(0, longest)
    const reading = this.#engine.read?.(prompt)
    if (reading === undefined) return this.#engine.classify(system === undefined ? { prompt } : { prompt, system })
    if (messages !== undefined && prompt === text.original)
      this.#kept.set(messages, { prompt, answer: (response) => reading.answer(response) })
    return reading.scores
  }

  /** How answers to this request's prompt are scored; empty when the engine does not read ahead, or there is no prompt. */
  of({ prompt, messages, stage }: StreamRequest): Pick<PassageContext, 'answer'> {
    if (stage !== 'output' || prompt === undefined) return {}
    const kept = messages === undefined ? undefined : this.#kept.get(messages)
    if (kept?.prompt === prompt) return { answer: kept.answer }
    const reading = this.#engine.read?.(prompt)
    return reading === undefined ? {} : { answer: (response) => reading.answer(response) }
  }
}
