/**
 * One cheap pass over a text that tells which recognisers can find anything in it.
 *
 * Every field is a necessary condition only: a text in which a recogniser would match always has the profile that the recogniser
 * asks for, whatever stands around the match. The last profile is kept because all recognisers ask about the same string in turn.
 */

export interface TextProfile {
  /** Number of ASCII digits. */
  readonly digits: number
  /** Most ASCII digits in a stretch whose gaps are at most three characters. */
  readonly run: number
  /** Most capital letters A–Z in a row. */
  readonly capitals: number
  readonly at: boolean
  readonly colons: number
}

const WIDEST_GAP = 3

let lastText: string | undefined
let lastProfile: TextProfile = { digits: 0, run: 0, capitals: 0, at: false, colons: 0 }

/** Profile of `text`. */
export function profileOf(text: string): TextProfile {
  if (text !== lastText) {
    lastProfile = computeProfile(text)
    lastText = text
  }
  return lastProfile
}

/** Forgets the last text, so that no judged text stays in memory longer than its check. */
export function forgetProfile(): void {
  lastText = undefined
}

function computeProfile(text: string): TextProfile {
  let digits = 0
  let longest = 0
  let run = 0
  let gap = 0
  let capitals = 0
  let mostCapitals = 0
  let at = false
  let colons = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code >= 48 && code <= 57) {
      run = gap > WIDEST_GAP ? 1 : run + 1
      gap = 0
      digits++
      if (run > longest) longest = run
      capitals = 0
      continue
    }
    gap++
    if (code >= 65 && code <= 90) {
      capitals++
      if (capitals > mostCapitals) mostCapitals = capitals
      continue
    }
    capitals = 0
    if (code === 64) at = true
    else if (code === 58) colons++
  }
  return { digits, run: longest, capitals: mostCapitals, at, colons }
}
