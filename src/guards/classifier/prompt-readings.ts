/**
 * Prompts are read once: a prompt that was judged on the way in is not read again when its answer is judged, nor again for each
 * passage of that answer.
 *
 * A reading is kept with the conversation it belongs to (the very list of messages) and goes with it.
 */
import type { ClassifierEngine, ClassifierScores, GuardRequest, Message, StreamRequest } from '../../spec/index.ts'
import { isDocument, type PassageContext } from './judge-text.ts'

type Asked = Pick<StreamRequest, 'stage' | 'prompt' | 'system' | 'origin' | 'messages'>

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
  read({ stage, text, system, origin, messages }: GuardRequest, longest: number): ClassifierScores {
    const prompt = text.normalised.slice(0, longest)
    // Beside a task, a text that nobody knows the origin of is judged as a document too.
    const reading = isDocument({ stage, system, origin }) ? undefined : this.#engine.read?.(prompt)
    if (reading === undefined) return this.#engine.classify(system === undefined ? { prompt } : { prompt, system })
    if (messages !== undefined) this.#kept.set(messages, { prompt, answer: (response) => reading.answer(response) })
    return reading.scores
  }

  /** What passages of a text are judged with. */
  contextOf({ stage, prompt, system, origin, messages }: Asked): PassageContext {
    const answer = stage === 'output' && prompt !== undefined ? this.#answerTo(prompt, messages) : undefined
    return {
      stage,
      ...(prompt === undefined ? {} : { prompt }),
      ...(system === undefined ? {} : { system }),
      ...(origin === undefined ? {} : { origin }),
      ...(answer === undefined ? {} : { answer }),
    }
  }

  /** How answers to a prompt are scored; undefined when the engine does not read ahead. */
  #answerTo(prompt: string, messages: readonly Message[] | undefined): PassageContext['answer'] {
    const kept = messages === undefined ? undefined : this.#kept.get(messages)
    if (kept?.prompt === prompt) return kept.answer
    const reading = this.#engine.read?.(prompt)
    return reading === undefined ? undefined : (response) => reading.answer(response)
  }
}
