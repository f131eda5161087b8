/**
 * Lays a text out for reading: which stretches are marked with which labels, and which parts of a long text are left out.
 *
 * Spans may overlap, nest, repeat, lie outside the text or cut a character in two; marks are flat, so every stretch knows all
 * labels over it, and a label is written where its span ends. Of a long text the beginning and what surrounds each span are
 * shown. Drawing is `marked-text`.
 */
import type { Span } from '../../data/words.ts'
import type { Piece } from '../../ui/visible.ts'
import { toPieces } from '../../ui/visible.ts'

/** A label written after a marked stretch. */
export interface Tag {
  readonly label: string
  readonly score: number
}

export type Part =
  | {
      readonly kind: 'run'
      readonly pieces: readonly Piece[]
      /** Labels of all spans over this stretch; empty when it is not marked. */
      readonly labels: readonly string[]
      /** Labels whose span ends with this stretch. */
      readonly tags: readonly Tag[]
    }
  | {
      readonly kind: 'gap'
      readonly characters: number
      readonly labels: readonly string[]
      readonly tags: readonly Tag[]
    }

export interface Layout {
  readonly parts: readonly Part[]
  /** Spans that are not marked, because there are too many. */
  readonly left: number
}

export interface LayoutLimits {
  /** A text of up to so many characters is shown whole; of a longer one without spans so many are shown. */
  readonly whole: number
  /** Characters shown at the beginning of a longer one with spans. */
  readonly head: number
  /** Characters shown around each end of a span. */
  readonly around: number
  /** Characters shown altogether. */
  readonly total: number
  readonly spans: number
}

const LIMITS: LayoutLimits = { whole: 4000, head: 500, around: 160, total: 16_000, spans: 500 }

type Place = Pick<Span, 'start' | 'end' | 'label' | 'score'>
interface Range {
  readonly start: number
  readonly end: number
}

/** @param spans offsets in UTF-16 units into `text` */
export function layOut(text: string, spans: readonly Place[], limits: LayoutLimits = LIMITS): Layout {
  const places = spans.flatMap((span) => placeIn(text, span)).toSorted((left, right) => left.start - right.start)
  const { windows, kept } = chooseWindows(text, places, limits)
  const points = [...new Set([...windows, ...kept].flatMap(({ start, end }) => [start, end]).concat(0, text.length))]
  points.sort((left, right) => left - right)
  return { parts: partsOf(text, points, windows, kept), left: places.length - kept.length }
}

/** The span inside the text and on whole characters; nothing when it is empty there. */
function placeIn(text: string, span: Place): readonly Place[] {
  const start = wholeBefore(text, clamp(span.start, text.length))
  const end = wholeAfter(text, clamp(span.end, text.length))
  return start < end ? [{ ...span, start, end }] : []
}

function clamp(offset: number, length: number): number {
  return Number.isFinite(offset) ? Math.min(Math.max(Math.trunc(offset), 0), length) : 0
}

/** Whether a surrogate pair lies across the offset. */
function cutsPair(text: string, offset: number): boolean {
  return /[\uD800-\uDBFF]/.test(text[offset - 1] ?? '') && /[\uDC00-\uDFFF]/.test(text[offset] ?? '')
}

function wholeBefore(text: string, offset: number): number {
  return cutsPair(text, offset) ? offset - 1 : offset
}

function wholeAfter(text: string, offset: number): number {
  return cutsPair(text, offset) ? offset + 1 : offset
}

/** The ranges that are shown, in order and apart, and the spans that fit into them. */
function chooseWindows(
  text: string,
  places: readonly Place[],
  limits: LayoutLimits,
): { readonly windows: readonly Range[]; readonly kept: readonly Place[] } {
  if (text.length <= limits.whole && places.length <= limits.spans) {
    return { windows: [{ start: 0, end: text.length }], kept: places }
  }
  const head = wholeAfter(text, clamp(places.length === 0 ? limits.whole : limits.head, text.length))
  const around = (offset: number): Range => ({
    start: wholeBefore(text, clamp(offset - limits.around, text.length)),
    end: wholeAfter(text, clamp(offset + limits.around, text.length)),
  })
  const wanted: Range[] = [{ start: 0, end: head }]
  const kept: Place[] = []
  let total = head
  for (const place of places) {
    if (kept.length >= limits.spans || total >= limits.total) break
    const ranges =
      place.end - place.start <= 2 * limits.around
        ? [{ start: around(place.start).start, end: around(place.end).end }]
        : [around(place.start), around(place.end)]
    wanted.push(...ranges)
    total += ranges.reduce((sum, { start, end }) => sum + newCharacters(start, end, head), 0)
    kept.push(place)
  }
  return { windows: merge(wanted), kept }
}

function newCharacters(start: number, end: number, head: number): number {
  return Math.max(0, end - Math.max(start, head))
}

function merge(ranges: readonly Range[]): readonly Range[] {
  const merged: { start: number; end: number }[] = []
  for (const range of ranges.toSorted((left, right) => left.start - right.start)) {
    const last = merged.at(-1)
    if (last !== undefined && range.start <= last.end) last.end = Math.max(last.end, range.end)
    else merged.push({ ...range })
  }
  return merged
}

function partsOf(
  text: string,
  points: readonly number[],
  windows: readonly Range[],
  spans: readonly Place[],
): readonly Part[] {
  const starting = groupBy(spans, ({ start }) => start)
  const ending = groupBy(spans, ({ end }) => end)
  const over = new Map<string, number>()
  const parts: Part[] = []
  let window = 0
  points.slice(0, -1).forEach((from, index) => {
    const to = points[index + 1] ?? from
    for (const { label } of ending.get(from) ?? []) change(over, label, -1)
    for (const { label } of starting.get(from) ?? []) change(over, label, 1)
    while ((windows[window]?.end ?? Infinity) <= from) window++
    const marks = { labels: [...over.keys()], tags: tagsOf(ending.get(to) ?? []) }
    const shown = (windows[window]?.start ?? Infinity) <= from
    if (shown) parts.push({ kind: 'run', pieces: toPieces(text.slice(from, to)), ...marks })
    else parts.push({ kind: 'gap', characters: to - from, ...marks })
  })
  return parts
}

function change(over: Map<string, number>, label: string, by: 1 | -1): void {
  const count = (over.get(label) ?? 0) + by
  if (count === 0) over.delete(label)
  else over.set(label, count)
}

/** One tag a label, with its highest score. */
function tagsOf(spans: readonly Place[]): readonly Tag[] {
  return [...groupBy(spans, ({ label }) => label)].map(([label, same]) => ({
    label,
    score: Math.max(...same.map(({ score }) => score)),
  }))
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): ReadonlyMap<K, readonly T[]> {
  const groups = new Map<K, T[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group === undefined) groups.set(keyOf(item), [item])
    else group.push(item)
  }
  return groups
}
