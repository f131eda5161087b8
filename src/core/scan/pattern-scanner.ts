/**
 * Runs many recognisers over a text, whole or growing, with the same findings either way.
 *
 * Each recogniser has a chain of its own (see `chain.ts`); findings of different recognisers may overlap. Normalised and
 * original text are searched side by side and all spans point into the original.
 */
import type { Finding, GuardStream, StreamStep } from '../../spec/guard.ts'
import type { StreamBuffer, TextView } from '../../spec/text.ts'
import { type Hit, type Plan, firstOpening, planOf, runChain } from './chain.ts'
import { GrowingForm } from './growing-form.ts'
import type { Recogniser } from './recogniser.ts'

export interface PatternScanner {
  /** Longest match of any recogniser. */
  readonly maxSpan: number
  /** Findings of a whole text, by position. */
  scan(view: TextView): readonly Finding[]
  /** Starts a scan of a growing text. */
  open(): GuardStream
}

/** A scanner over these recognisers. */
export function createPatternScanner(recognisers: readonly Recogniser[]): PatternScanner {
  const plans = recognisers.map(planOf)
  return {
    maxSpan: plans.reduce((longest, plan) => Math.max(longest, plan.maxLength), 0),
    scan: (view) => scanWhole(plans, view),
    open: () => new ScanStream(plans),
  }
}

function scanWhole(plans: readonly Plan[], view: TextView): readonly Finding[] {
  const findings: Finding[] = []
  const asIs = ({ start, end, finding }: Hit): void => {
    findings.push({ ...finding, span: { start, end } })
  }
  const mapped = ({ start: from, end: to, finding }: Hit): void => {
    const [start, end] = view.toOriginal(from, to)
    findings.push({ ...finding, span: { start, end } })
  }
  for (const plan of plans) {
    if (plan.recogniser.on === 'original') runChain(plan, view.original, view.original, 0, true, asIs)
    else runChain(plan, view.normalised, view.normalised, 0, true, view.changed ? mapped : asIs)
  }
  return findings.length > 1 ? findings.sort(byPosition) : findings
}

/** Where one recogniser's chain stands in a stream. Offsets count from the start of its form of the text. */
interface ChainState {
  readonly plan: Plan
  readonly form: GrowingForm
  from: number
  /** End of the text at the last search. */
  searched: number
}

/** A scan of a growing text. Nothing is made before the first step: most short texts are whole by then, and scanned as such. */
class ScanStream implements GuardStream {
  readonly #plans: readonly Plan[]
  #scan: GrowingScan | null = null

  constructor(plans: readonly Plan[]) {
    this.#plans = plans
  }

  advance(buffer: StreamBuffer): StreamStep {
    if (this.#scan === null && buffer.ended && buffer.start === 0) {
      const { end } = buffer
      return { findings: scanWhole(this.#plans, buffer.view(0, end)), settled: end, keep: end }
    }
    this.#scan ??= new GrowingScan(this.#plans)
    return this.#scan.advance(buffer)
  }
}

class GrowingScan {
  readonly #chains: readonly ChainState[]
  readonly #normalised: GrowingForm
  readonly #original: GrowingForm
  readonly #usesNormalised: boolean
  readonly #usesOriginal: boolean

  constructor(plans: readonly Plan[]) {
    const onOriginal = (plan: Plan): boolean => plan.recogniser.on === 'original'
    this.#normalised = new GrowingForm('normalised')
    this.#original = new GrowingForm('original')
    this.#usesOriginal = plans.some(onOriginal)
    this.#usesNormalised = plans.some((plan) => !onOriginal(plan))
    this.#chains = plans.map((plan) => ({
      plan,
      form: onOriginal(plan) ? this.#original : this.#normalised,
      from: 0,
      searched: 0,
    }))
  }

  advance(buffer: StreamBuffer): StreamStep {
    if (this.#usesNormalised) this.#normalised.take(buffer)
    if (this.#usesOriginal) this.#original.take(buffer)
    const findings: Finding[] = []
    const near = { normalised: this.#near(this.#normalised), original: this.#near(this.#original) }
    for (const chain of this.#chains) {
      this.#advanceChain(chain, chain.form === this.#original ? near.original : near.normalised, buffer.ended, findings)
    }
    if (findings.length > 1) findings.sort(byPosition)
    const settled = buffer.ended ? buffer.end : this.#settled(buffer)
    this.#forget()
    return { findings, settled, keep: settled }
  }

  /** What all chains of a form still look at. One string for all of them, as what is found out about it is kept for the next. */
  #near(form: GrowingForm): string {
    let from = form.end
    for (const chain of this.#chains) if (chain.form === form) from = Math.min(from, chain.from - chain.plan.before)
    return from <= form.start ? form.text : form.text.slice(from - form.start)
  }

  #advanceChain(chain: ChainState, near: string, ended: boolean, findings: Finding[]): void {
    const { plan, form } = chain
    const base = form.start
    if (plan.recogniser.opening !== undefined && !ended) {
      chain.from = base + firstOpening(plan, form.text, chain.from - base, ended)
    }
    if (!ended && (form.end - chain.searched < plan.hop || form.end - chain.from < plan.reach)) return
    chain.searched = form.end
    const collect = (hit: Hit): void => {
      findings.push({ ...hit.finding, span: form.toOriginal(base + hit.start, base + hit.end) })
    }
    const next = runChain(plan, form.text, near, chain.from - base, ended, collect)
    chain.from = base + firstOpening(plan, form.text, next, ended)
  }

  #settled(buffer: StreamBuffer): number {
    let normalised = this.#normalised.end
    let original = this.#original.end
    for (const chain of this.#chains) {
      if (chain.form === this.#original) original = Math.min(original, chain.from)
      else normalised = Math.min(normalised, chain.from)
    }
    const first = this.#usesNormalised ? this.#normalised.positionOf(normalised) : buffer.end
    return this.#usesOriginal ? Math.min(first, this.#original.positionOf(original)) : first
  }

  #forget(): void {
    let normalised = this.#normalised.end
    let original = this.#original.end
    for (const { plan, form, from } of this.#chains) {
      if (form === this.#original) original = Math.min(original, from - plan.before)
      else normalised = Math.min(normalised, from - plan.before)
    }
    if (this.#usesNormalised) this.#normalised.forget(normalised)
    if (this.#usesOriginal) this.#original.forget(original)
  }
}

function byPosition(left: Finding, right: Finding): number {
  return (left.span?.start ?? 0) - (right.span?.start ?? 0) || (left.span?.end ?? 0) - (right.span?.end ?? 0)
}
