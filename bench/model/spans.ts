/** Cutting spans out of texts, for the question whether the span that an explanation names is the one that matters. */

export interface Range {
  /** In UTF-16 units, as everywhere. */
  readonly start: number
  readonly end: number
}

export function withoutRange(text: string, { start, end }: Range): string {
  return text.slice(0, start) + text.slice(end)
}

/** A range of this length anywhere in a text, every start equally likely; the whole text where it is shorter. */
export function randomRange(textLength: number, length: number, random: () => number): Range {
  const room = Math.max(0, textLength - length)
  const start = Math.floor(random() * (room + 1))
  return { start, end: Math.min(textLength, start + length) }
}

/** 1 where the named span's removal costs more score than others', ½ for a tie, 0 otherwise. */
export function winOf(namedDrop: number, otherDrop: number): 0 | 0.5 | 1 {
  if (namedDrop === otherDrop) return 0.5
  return namedDrop > otherDrop ? 1 : 0
}
