/**
 * A judge over a growing answer: windows at the same offsets as in `check`, each judged as soon as it is complete, the last one when the
 * answer ends. Text leaves once every window that it lies in has been judged.
 */
import type { Critique, Finding, GuardStream, StreamBuffer, StreamRequest, StreamStep } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import type { JudgeRun } from './judge-run.ts'
import { harmfulOf } from './judge-run.ts'
import { wholeTexts } from './judged-texts.ts'
import type { JudgedPassage, JudgeSummary } from './judge-summary.ts'
import { askPassages } from './passage-critiques.ts'

export class JudgeStream implements GuardStream {
  readonly #run: JudgeRun
  readonly #request: StreamRequest
  readonly #summary: JudgeSummary
  /** The harmful ones, for their reasons. */
  readonly #passages: JudgedPassage[] = []
  /** All that came, for the same. */
  #text = ''
  /** Start of the next window. */
  #next = 0

  constructor(run: JudgeRun, request: StreamRequest) {
    this.#run = run
    this.#request = request
    this.#summary = run.summary()
  }

  async advance(buffer: StreamBuffer): Promise<StreamStep> {
    const { window, hop, longest } = this.#run.parts.sizes
    const { end, ended } = buffer
    if (end > longest)
      throw new ParapetError(
        'input_too_large',
        `The judge takes answers of at most ${longest} characters. Raise longest.`,
      )
    if (this.#explains) this.#text += buffer.slice(this.#text.length, end)
    const findings: Finding[] = []
    // A text that is exactly one window long is judged as a whole, without a span; only more text tells.
    while (this.#next + window < end) {
      findings.push(...(await this.#judge(buffer, this.#next, this.#next + window, false)))
      this.#next += hop
    }
    if (!ended) return { findings, settled: this.#next, keep: this.#next }
    if (end > 0) findings.push(...(await this.#judge(buffer, this.#next, end, this.#next === 0)))
    return { findings, settled: end, keep: end, report: this.#summary.report() }
  }

  critiques(call: { readonly signal: AbortSignal }): Promise<readonly Critique[]> {
    return askPassages({ passages: this.#passages, whole: wholeTexts(this.#text, this.#request) }, call)
  }

  get #explains(): boolean {
    return this.#run.parts.critique !== 'never'
  }

  async #judge(buffer: StreamBuffer, from: number, to: number, whole: boolean): Promise<readonly Finding[]> {
    const call = this.#run.callOptions(this.#request.signal)
    const passage = await this.#run.passage(buffer.slice(from, to), from, whole, this.#request, call)
    if (this.#explains) this.#passages.push(...harmfulOf([passage]))
    return this.#summary.add(passage)
  }
}
