/**
 * Stretches that look as if tokens had been put together by a search and not by a writer (GCG, Zou et al. 2023): marks inside and between
 * words, capitals in the middle of words, letters run into digits, lone brackets. It needs no model of the set.
 *
 * Program code and mark-up look alike, so code between fences is passed over and the threshold is high. Optimised text made of plain
 * words is not found here; `surprisal-peak` may find it.
 */
import type { NamedMeasure } from '../row.ts'
import { placeOf, type RowView, stretchStarts } from './row-view.ts'

/** Words of a stretch. */
const WINDOW = 12
/** Words beside it from which a turn has a rest to compare with. */
const LEAST_REST = 4
/** Characters looked at in one go, and those that neighbouring stretches share. */
const [LONGEST, SHARED] = [20_000, 1000] as const
const CODE = /```[\s\S]*?(?:```|$)/g
const ODD: readonly RegExp[] = [
  /\p{Ll}\p{Lu}/u,
  /\p{L}\d|\d\p{L}/u,
  /\p{L}[\\{}()[\]<>|~^=+*#@$%_]+\p{L}/u,
  /[^\s\p{L}\p{N}'’.,-]{2}/u,
  /[\\{}|~^]/,
]

export function tokenNoise(view: RowView): NamedMeasure {
  let [best, place] = [0, { turn: 0, start: 0, end: 0 }]
  for (const [turn, { role }] of view.row.turns.entries()) {
    if (role === 'tool') continue
    const text = view.views[turn]?.normalised ?? ''
    for (const from of stretchStarts(text.length, LONGEST, SHARED)) {
      const { score, start, end } = noiseOf(text.slice(from, from + LONGEST))
      if (score > best) [best, place] = [score, { turn, start: from + start, end: from + end }]
    }
  }
  return [
    'token-noise',
    best === 0 ? { score: 0 } : { score: best, place: placeOf(view, place.turn, place.start, place.end) },
  ]
}

interface Word {
  readonly start: number
  readonly end: number
  readonly odd: number
}

/**
 * Odd marks a word in the noisiest stretch, less those of the rest of the turn: program code is odd throughout, a suffix sticks out of
 * prose. A turn that is hardly longer than a stretch has no rest; then half of its own counts.
 */
function noiseOf(text: string): { readonly score: number; readonly start: number; readonly end: number } {
  const plain = text.includes('```') ? text.replace(CODE, (code) => ' '.repeat(code.length)) : text
  if (!ODD_SOMEWHERE.test(plain)) return { score: 0, start: 0, end: 0 }
  const words: Word[] = []
  for (const match of plain.matchAll(/\S+/g))
    words.push({ start: match.index, end: match.index + match[0].length, odd: oddMarks(match[0]) })
  let [sum, peak, last] = [0, 0, 0]
  for (const [at, word] of words.entries()) {
    sum += word.odd - (words[at - WINDOW]?.odd ?? 0)
    if (sum > peak) [peak, last] = [sum, at]
  }
  if (peak === 0) return { score: 0, start: 0, end: 0 }
  const total = words.reduce((all, { odd }) => all + odd, 0)
  const others = words.length - WINDOW
  const rest = others >= LEAST_REST ? (total - peak) / others : peak / WINDOW / 2
  return {
    score: Math.max(0, peak / WINDOW - rest),
    start: words[Math.max(0, last - WINDOW + 1)]?.start ?? 0,
    end: words[last]?.end ?? 0,
  }
}

/** Plain words, which most are, are known at once. */
const MAYBE_ODD = /[^a-zA-Z'’.,!?-]|[a-z][A-Z]|[!?-]{2}/
/** A text without any of these has no odd word; digits alone are none, and most texts have nothing else. */
const ODD_SOMEWHERE = /[^a-zA-Z'’.,!?\s\d-]|[a-zA-Z]\d|\d[a-zA-Z]|[a-z][A-Z]|[!?-]{2}/

function oddMarks(word: string): number {
  const part = word.slice(0, 64)
  return MAYBE_ODD.test(part) ? ODD.reduce((sum, pattern) => sum + (pattern.test(part) ? 1 : 0), 0) : 0
}
