/**
 * The classifier over a growing answer: windows are judged as soon as they are complete, the last one when the answer ends.
 *
 * It never refines: what was let through cannot be taken back, and the deep tier would hold up the rest.
 */
import type {
  ClassifierEngine,
  Finding,
  GuardStream,
  StreamBuffer,
  StreamRequest,
  StreamStep,
} from '../../spec/index.ts'
import type { PassageContext } from './judge-text.ts'
import type { Passage } from './passage.ts'
import { fastPassage } from './passage.ts'
import type { PromptReadings } from './prompt-readings.ts'
import { Summary } from './summary.ts'

/** Sizes of the passages a long text is judged in, characters. */
export interface Passages {
  readonly window: number
  /** Distance between the starts of windows. */
  readonly hop: number
}

/** Who is asked, and about what passages. */
export interface Asked {
  readonly engine: ClassifierEngine
  readonly prompts: PromptReadings
  readonly passages: Passages
  readonly language: ((text: string) => string | null) | undefined
}

export class ClassifierStream implements GuardStream {
  readonly #asked: Asked
  readonly #request: StreamRequest
  /** Made when the first passage is judged. */
  #context: PassageContext | null = null
  readonly #window: number
  readonly #hop: number
  readonly #summary = new Summary()
  /** Start of the next window. */
  #next = 0

  constructor(asked: Asked, request: StreamRequest) {
    this.#asked = asked
    this.#request = request
    this.#window = asked.passages.window
    this.#hop = asked.passages.hop
  }

  advance(buffer: StreamBuffer): StreamStep {
    const findings: Finding[] = []
    while (this.#next + this.#window <= buffer.end) {
      // A text that is exactly one window long is judged as a whole, without a span; only more text tells.
      if (this.#next === 0 && buffer.end === this.#window) break
      findings.push(...this.#judge(buffer, this.#next, this.#next + this.#window))
      this.#next += this.#hop
    }
    if (buffer.ended) return this.#finish(buffer, findings)
    // The last window ends where the answer will end, so it can begin anywhere from here.
    const settled = Math.max(0, Math.min(this.#next, buffer.end - this.#window))
    return { findings, settled, keep: settled }
  }

  #finish(buffer: StreamBuffer, findings: Finding[]): StreamStep {
    const { end } = buffer
    if (end <= this.#window) {
      findings.push(...this.#summary.add(this.#passage(buffer, 0, end, null)))
    } else if (this.#next - this.#hop + this.#window < end) {
      findings.push(...this.#judge(buffer, end - this.#window, end))
    }
    const { engine, language } = this.#asked
    return { findings, settled: end, keep: end, report: this.#summary.report(engine.card, language) }
  }

  #judge(buffer: StreamBuffer, start: number, end: number): readonly Finding[] {
    return this.#summary.add(this.#passage(buffer, start, end, { start, end }))
  }

  #passage(buffer: StreamBuffer, from: number, to: number, span: Passage['span']): Passage {
    this.#context ??= this.#asked.prompts.contextOf(this.#request)
    return fastPassage(this.#asked.engine, buffer.view(from, to).normalised, span, this.#context)
  }
}
