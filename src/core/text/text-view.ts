/**
 * A text as written and as guards match it: NFKC per cluster, invisible characters removed, piled-up marks dropped, look-alikes
 * folded inside words that mix scripts, with an exact map back (Unicode UAX 15, UTS 39).
 *
 * Upper and lower case are kept, and so are words wholly in another script: translation and transliteration are not done here.
 * Plain ASCII takes a path without any copying.
 */
import { codePointAt } from './code-point.ts'
import type { TextView } from '../../spec/text.ts'
import {
  FOREIGN,
  HANGUL_LV,
  INVISIBLE,
  LATIN,
  LATIN_CHANGED,
  PLAIN,
  classOf,
  isWordClass,
  normaliseAlone,
} from './characters.ts'
import { foldMixedWord, styledLetter } from './confusables.ts'
import { type OffsetMap, OffsetMapBuilder } from './offset-map.ts'
import { ASCII_ONLY, asciiSegmentsEnd, classAt, clusterEnd, segmentEnd } from './segment.ts'

/** More general combining marks than this on one base are decoration, and all of them are dropped. */
const MARKS_KEPT = 3
/** Marks that belong to a script (Tibetan, Hebrew, Indic) may pile up further, to this many. */
const SCRIPT_MARKS_KEPT = 16
const GENERAL_MARKS = /[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]/gu
/** Lines through, under and around letters: lettering, not spelling. */
const OVERLAYS = /[\u0332-\u0338\u0347\u20d0-\u20e8\u20ea-\u20f0]/gu
const INVISIBLES = /[\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]/gu
const ALL_MARKS = /\p{M}/gu
/** Parts are joined in batches of this many, which keeps memory proportional to the text. */
const BATCH = 8192

/** Both forms of a text. */
export function createTextView(original: string): TextView {
  if (ASCII_ONLY.test(original)) return unchangedView(original)
  const normal = normalise(original)
  if (normal === null || normal.text === original) return unchangedView(original)
  const { text, map } = normal
  return {
    original,
    normalised: text,
    changed: true,
    toOriginal: (start, end) => map.toOriginal(start, end),
  }
}

function unchangedView(original: string): TextView {
  return { original, normalised: original, changed: false, toOriginal: sameRange }
}

function sameRange(start: number, end: number): readonly [start: number, end: number] {
  return [start, end]
}

/** Null when every segment is certain to stay as it is. */
function normalise(original: string): { text: string; map: OffsetMap } | null {
  let at = untouchedEnd(original, 0)
  if (at === original.length) return null
  const map = new OffsetMapBuilder()
  const out = new PartList()
  let kept = 0
  for (;;) {
    if (at > kept) {
      map.keep(at - kept)
      out.push(original.slice(kept, at))
    }
    if (at === original.length) break
    const end = segmentEnd(original, at)
    let from = at
    for (const cluster of normaliseSegment(original, at, end)) {
      const same = cluster.text.length === cluster.units
      // A cluster that stayed as it was is kept unit by unit, so that offsets do not depend on what surrounds it.
      if (same && (cluster.units === 1 || original.startsWith(cluster.text, from))) map.keep(cluster.units)
      else map.add(cluster.units, cluster.text.length)
      out.push(cluster.text)
      from += cluster.units
    }
    kept = end
    at = untouchedEnd(original, end)
  }
  return { text: out.join(), map }
}

/** Start of the first segment at or after a cut that may not stay as it is. */
function untouchedEnd(text: string, from: number): number {
  let at = from
  while (at < text.length) {
    // Nearly all of most texts.
    at = asciiSegmentsEnd(text, at)
    if (at === text.length) break
    const end = segmentEnd(text, at)
    if (!isUntouched(text, at, end)) break
    at = end
  }
  return at
}

/** Whether every character of a segment is certain to stay as it is. */
function isUntouched(text: string, from: number, to: number): boolean {
  let latin = false
  let foreign = false
  for (let at = from; at < to; at += 1) {
    const unit = text.charCodeAt(at)
    if (unit >= 0xd800 && unit <= 0xdfff) {
      const codePoint = codePointAt(text, at) as number
      if (classOf(codePoint) !== PLAIN) return false
      if (codePoint > 0xffff) at += 1
      continue
    }
    const kind = classOf(unit)
    if (kind === LATIN) latin = true
    else if (kind === FOREIGN) foreign = true
    else if (kind === PLAIN) continue
    // A complete syllable nothing joined; parts of syllables take the long way.
    else if (kind !== HANGUL_LV || to - from > 1 || unit < 0xac00) return false
  }
  return !(latin && foreign)
}

interface Cluster {
  readonly units: number
  readonly text: string
}

function normaliseSegment(text: string, from: number, to: number): readonly Cluster[] {
  if (!isWordClass(classAt(text, from))) return [{ units: to - from, text: normaliseCluster(text.slice(from, to)) }]
  const clusters: Cluster[] = []
  let latin = false
  let foreign = false
  for (let at = from; at < to;) {
    const end = clusterEnd(text, at)
    const kind = classAt(text, at)
    if (kind === LATIN || kind === LATIN_CHANGED) latin = true
    else foreign = true
    clusters.push({ units: end - at, text: normaliseCluster(text.slice(at, end)) })
    at = end
  }
  if (!latin || !foreign) return clusters
  const folded = foldMixedWord(clusters.map((cluster) => cluster.text)).parts
  return clusters.map((cluster, index) => ({ units: cluster.units, text: folded[index] ?? cluster.text }))
}

/** Normal forms of single characters met so far; a few thousand cover any text, and more are not kept. */
const NORMAL_FORMS = new Map<number, string>()
const MOST_NORMAL_FORMS = 4096

function normaliseOne(codePoint: number, character: string): string {
  const known = NORMAL_FORMS.get(codePoint)
  if (known !== undefined) return known
  const normal = classOf(codePoint) === INVISIBLE ? '' : (styledLetter(codePoint) ?? normaliseAlone(character))
  if (NORMAL_FORMS.size < MOST_NORMAL_FORMS) NORMAL_FORMS.set(codePoint, normal)
  return normal
}

function normaliseCluster(cluster: string): string {
  const codePoint = codePointAt(cluster, 0) as number
  const size = codePoint > 0xffff ? 2 : 1
  if (cluster.length === size) return normaliseOne(codePoint, cluster)
  const styled = styledLetter(codePoint)
  let text = (styled === undefined ? cluster : styled + cluster.slice(size)).replace(INVISIBLES, '')
  const general = text.match(GENERAL_MARKS)?.length ?? 0
  if (general > MARKS_KEPT) text = text.replace(GENERAL_MARKS, '')
  let marks = 0
  text = text.replace(ALL_MARKS, (mark) => ((marks += 1) > SCRIPT_MARKS_KEPT ? '' : mark))
  return normaliseAlone(text).replace(OVERLAYS, '')
}

/** Strings to be joined, a batch at a time. */
class PartList {
  #parts: string[] = []
  #text = ''

  push(part: string): void {
    if (this.#parts.push(part) === BATCH) {
      this.#text += this.#parts.join('')
      this.#parts = []
    }
  }

  join(): string {
    return this.#text + this.#parts.join('')
  }
}
