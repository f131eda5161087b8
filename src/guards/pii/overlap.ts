/**
 * Findings that overlap: every character belongs to the most specific finding that covers it, and what a weaker finding covers
 * alone is still reported, so nothing that any recogniser found is shown.
 *
 * The rule is local (it looks only at findings that touch the one in question), so it gives the same answer over a whole text and
 * over a growing one, as soon as every finding that begins before the end of the one in question is known.
 */
import type { Finding } from '../../spec/guard.ts'
import { rankOfLabel } from './candidate.ts'

/** A finding with its span unpacked. */
export interface Located {
  readonly label: string
  readonly score: number
  readonly start: number
  readonly end: number
}

/** Unpacks what a scanner reports. */
export function toLocated(finding: Finding): Located {
  const span = finding.span ?? { start: 0, end: 0 }
  return { label: finding.label, score: finding.score, start: span.start, end: span.end }
}

/** Whether `left` keeps the characters that both cover. A total order, so two findings never give way to each other. */
function outranks(left: Located, right: Located): boolean {
  const byRank = rankOfLabel(left.label) - rankOfLabel(right.label)
  if (byRank !== 0) return byRank < 0
  const byLength = left.end - left.start - (right.end - right.start)
  return byLength !== 0 ? byLength > 0 : left.start < right.start
}

function byPosition(left: Located, right: Located): number {
  return left.start - right.start || left.end - right.end || rankOfLabel(left.label) - rankOfLabel(right.label)
}

/** Something worth hiding: a letter or a digit. */
const SUBSTANCE = /[\p{L}\p{N}]/u

/** Takes findings as they become known and hands out the parts that do not overlap, by position. */
export class OverlapResolver {
  #known: Located[] = []
  /** How many of the known ones have been cut into parts; they stay while later ones may touch them. */
  #done = 0
  /** Parts that wait for an earlier one: a weaker finding goes on behind a stronger one that it surrounds. */
  #waiting: Located[] = []

  add(findings: readonly Located[]): void {
    if (findings.length === 0) return
    this.#known.push(...findings)
    this.#known.sort(byPosition)
  }

  /** Start of the first finding not cut into parts yet: nothing from there on is final. */
  get firstOpen(): number {
    return this.#known[this.#done]?.start ?? Number.POSITIVE_INFINITY
  }

  /**
   * @param settled every finding that begins before this offset has been added
   * @param textOf the original text of a range
   */
  take(settled: number, textOf: (start: number, end: number) => string): readonly Located[] {
    const parts = this.#waiting
    for (
      let next = this.#known[this.#done];
      next !== undefined && next.end <= settled;
      next = this.#known[this.#done]
    ) {
      this.#done++
      for (const [start, end] of this.#own(next)) {
        if (SUBSTANCE.test(textOf(start, end))) parts.push({ ...next, start, end })
      }
    }
    this.#forget(Math.min(settled, this.firstOpen))
    parts.sort(byPosition)
    const inOrder = parts.filter((part) => part.start < this.firstOpen)
    this.#waiting = parts.slice(inOrder.length)
    return inOrder
  }

  /** Ranges of `finding` that no more specific one covers. */
  #own(finding: Located): readonly (readonly [start: number, end: number])[] {
    let ranges: (readonly [number, number])[] = [[finding.start, finding.end]]
    for (let index = 0; index < this.#known.length; index++) {
      const other = this.#known[index]
      if (other === undefined || other.start >= finding.end) break
      if (other === finding || other.end <= finding.start) continue
      const same = other.start === finding.start && other.end === finding.end && other.label === finding.label
      if (same ? index > this.#done - 1 : !outranks(other, finding)) continue
      ranges = ranges.flatMap(([start, end]): (readonly [number, number])[] => {
        if (other.end <= start || other.start >= end) return [[start, end]]
        const left: (readonly [number, number])[] = other.start > start ? [[start, other.start]] : []
        return other.end < end ? [...left, [other.end, end]] : left
      })
    }
    return ranges
  }

  #forget(before: number): void {
    let gone = 0
    while (gone < this.#done && (this.#known[gone]?.end ?? 0) <= before) gone++
    if (gone === 0) return
    this.#known.splice(0, gone)
    this.#done -= gone
  }
}
