/** What every section of the report asks of a run: the result of a subject on a set, its colour, its baselines, its warnings. */
import type { EvaluationRun, Figure, MeasuredResult, SetSummary } from '../run-format.ts'
import type { EvaluationTask } from '../sample.ts'
import { html, type Markup } from './markup.ts'
import { inPercent, intervalInPercent } from './numbers.ts'
import { seriesKey } from './plots.ts'
import { SERIES } from './style.ts'

export interface View {
  readonly run: EvaluationRun
  result(subject: string, set: string): MeasuredResult | null
  /** Measured results on a set, in the order of the subjects. */
  measured(set: string): readonly MeasuredResult[]
  /** Baseline that flags everything. */
  constant(set: string): MeasuredResult | null
  /** Place in the palette; null for baselines and for subjects beyond it. */
  colour(subject: string): number | null
  /** Anchor of a set's section. */
  anchor(set: string): string
}

export function createView(run: EvaluationRun): View {
  const results = new Map<string, MeasuredResult>()
  for (const result of run.results)
    if (result.status === 'measured') results.set(JSON.stringify([result.subject, result.set]), result)
  const measured = run.subjects.filter(({ kind }) => kind === 'measured').map(({ name }) => name)
  const everything = run.subjects.find(({ kind }) => kind === 'constant')?.name ?? ''
  const result = (subject: string, set: string): MeasuredResult | null =>
    results.get(JSON.stringify([subject, set])) ?? null
  return {
    run,
    result,
    measured: (set) => measured.flatMap((subject) => result(subject, set) ?? []),
    constant: (set) => result(everything, set),
    colour: (subject) => {
      const place = measured.indexOf(subject)
      return place === -1 || place >= SERIES ? null : place
    },
    anchor: (set) => `set-${run.sets.findIndex(({ name }) => name === set)}`,
  }
}

/** Task as words. */
export function taskWords(task: EvaluationTask): string {
  return task.replaceAll('_', ' ')
}

/** A subject's name with its key. */
export function subjectName(view: View, subject: string): Markup {
  const colour = view.colour(subject)
  return html`${colour === null ? null : seriesKey(colour)}${subject}`
}

/** A share with its interval below, and a plot below that. */
export function figureCell(figure: Figure, plot: Markup | null = null): Markup {
  return html`<td>${inPercent(figure.value)}<small>${intervalInPercent(figure.interval)}</small>${plot}</td>`
}

/** An F1, with a mark where fewer than two over-refusal sets stand beside it. */
export function f1Cell(view: View, task: EvaluationTask, figure: Figure, plot: Markup | null = null): Markup {
  return html`<td>
    ${inPercent(figure.value)}${figure.value === null ? null : overRefusalMark(view, task)}
    <small>${intervalInPercent(figure.interval)}</small>${plot}
  </td>`
}

/** The mark alone; null where there are enough. */
export function overRefusalMark(view: View, task: EvaluationTask): Markup | null {
  const check = view.run.overRefusal.find((one) => one.task === task)
  if (check === undefined || check.enough) return null
  return html` <a class="mark" href="#over-refusal">⚠ ${check.sets.length} of 2 over-refusal sets</a>`
}

/** False-positive rates of a subject on the over-refusal sets of a task. */
export function overRefusalCell(view: View, subject: string, task: EvaluationTask): Markup {
  const sets = view.run.overRefusal.find((one) => one.task === task)?.sets ?? []
  if (sets.length === 0) return html`<td class="text">none in this run</td>`
  const rates = sets.map((set) => {
    const rate = view.result(subject, set)?.metrics.falsePositiveRate ?? null
    return html`<div>${set}: ${inPercent(rate?.value ?? null)}</div>`
  })
  return html`<td class="text">${rates}</td>`
}

/** What a set says of itself in a line. */
export function setLine({ task, rows, positives, purpose }: SetSummary): string {
  const kind = purpose === 'over_refusal' ? ', over-refusal' : purpose === 'recall_only' ? ', recall only' : ''
  return `${taskWords(task)}${kind}, ${rows} rows, ${positives} positive`
}
