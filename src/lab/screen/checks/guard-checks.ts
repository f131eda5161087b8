/**
 * A classifier as three checks of a row: answers with all that came before them, parts of answers alone, and requests that look harmful and
 * were not refused. Scores are the classifier's own, 0…1. Harmful requests that are refused are good training data and count nothing.
 */
import type { ClassifierEngine, PromptReading } from '../../../spec/engine.ts'
import type { NamedMeasure, Place } from '../row.ts'
import { passagesOf } from './passages.ts'
import { placeOf, type RowView } from './row-view.ts'

export interface GuardChecksOptions {
  /** Joined to the names of its checks, as in `answers@lite`; the main guard has none. */
  readonly name?: string
  readonly engine: ClassifierEngine
  /** Whether parts of answers are judged alone; they cost twice what the rest does. */
  readonly passages: boolean
}

export function createGuardChecks({
  name,
  engine,
  passages,
}: GuardChecksOptions): (view: RowView) => readonly NamedMeasure[] {
  const called = (check: string): string => (name === undefined ? check : `${check}@${name}`)
  return (view) => {
    const answers = new Top()
    const complied = new Top()
    const parts = new Top()
    for (const { asked, before, answer, from, turn } of view.exchanges) {
      const whole = (): Place => placeOf(view, turn, from, from + answer.length)
      const reading = readingOf(engine, asked)
      const alone = reading.answer(answer)
      // A first exchange is the conversation so far; later ones are judged with all of it as well.
      const inContext = before === asked ? alone : readingOf(engine, before).answer(answer)
      answers.add(Math.max(alone.response_harm ?? 0, inContext.response_harm ?? 0), whole)
      // Whether a long answer refuses shows at its beginning.
      const notRefused = 1 - (alone.refusal ?? 0)
      if (from === 0) complied.add(Math.min(reading.scores.prompt_harm ?? 0, notRefused), whole)
      if (!passages) continue
      for (const { start, end, asked: question } of passagesOf(answer)) {
        const scores = engine.classify({
          response: answer.slice(start, end),
          ...(question === undefined ? {} : { prompt: question }),
        })
        parts.add(scores.response_harm ?? 0, () => placeOf(view, turn, from + start, from + end))
      }
    }
    return [
      ...answers.named(called('answers')),
      ...complied.named(called('complied')),
      ...(passages ? parts.named(called('passages')) : []),
    ]
  }
}

/** How a prompt's answers are judged, whether or not the engine reads ahead. */
function readingOf(engine: ClassifierEngine, prompt: string): PromptReading {
  return (
    engine.read?.(prompt) ?? {
      scores: engine.classify({ prompt }),
      answer: (response) => engine.classify(prompt === '' ? { response } : { prompt, response }),
    }
  )
}

/** The highest score and where it was found. */
class Top {
  #score = -1
  #place: (() => Place) | null = null

  add(score: number, place: () => Place): void {
    if (score <= this.#score) return
    this.#score = score
    this.#place = place
  }

  named(check: string): readonly NamedMeasure[] {
    return this.#place === null ? [] : [[check, { score: this.#score, place: this.#place() }]]
  }
}
