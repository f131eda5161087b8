/**
 * Marks findings in languages in which a model was not shown to work, so that whoever reads a result, or reviews a block, sees it. It changes
 * no finding: what to do in such a language is the policy's to say.
 */
import { spokenLanguage } from '../../nn/spoken-language.ts'
import type { Guard, GuardStream, StreamBuffer, StreamStep } from '../../spec/index.ts'

/** Characters by which a text's language is told. */
const BEGINNING = 400
/** Scores up to this say nothing that a language could put in doubt. */
const POSITIVE = 0.5

type Marks = (found: boolean, text: string) => { readonly untested?: readonly string[] }

/** The same guard, with `label` among `untested` where it is found in a language that is none of these. */
export function markUntested(guard: Guard, label: string, languages: readonly string[]): Guard {
  const marks: Marks = (found, text) => {
    const language = found ? spokenLanguage(text) : null
    return language === null || languages.includes(language) ? {} : { untested: [label] }
  }
  const { open } = guard
  return {
    ...guard,
    async check(request) {
      const report = await guard.check(request)
      return { ...report, ...marks(report.findings.some(isPositive), request.text.normalised) }
    },
    ...(open === undefined ? {} : { open: (request) => new MarkedStream(open(request), marks) }),
  }
}

const isPositive = ({ score }: { readonly score: number }): boolean => score > POSITIVE

class MarkedStream implements GuardStream {
  readonly #stream: GuardStream
  readonly #marks: Marks
  #beginning = ''
  #found = false

  constructor(stream: GuardStream, marks: Marks) {
    ;[this.#stream, this.#marks] = [stream, marks]
  }

  async advance(buffer: StreamBuffer): Promise<StreamStep> {
    // The stream below decides what is kept, and nothing has been let go before its first step.
    if (this.#beginning.length < BEGINNING && buffer.start === 0)
      this.#beginning = buffer.view(0, Math.min(buffer.end, BEGINNING)).normalised
    const step = await this.#stream.advance(buffer)
    this.#found ||= step.findings.some(isPositive)
    return step.report === undefined
      ? step
      : { ...step, report: { ...step.report, ...this.#marks(this.#found, this.#beginning) } }
  }
}
