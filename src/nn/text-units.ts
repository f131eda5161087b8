/**
 * Cuts a document into units of about a sentence: at line ends and behind the marks that end sentences, in any script. It knows no
 * abbreviations; a unit too short to say something goes on into the next.
 */

/** Letters a unit has at least; an ideograph counts as three. */
const LEAST = 16
/** A longer unit ends at the next space, and without one at twice the length. */
const LONGEST = 400
const FIRST_IDEOGRAPH = 0x2e80

/** Ends of the units of `text[0, end)`, rising; the last is `end`. None of an empty text. Linear. */
export function unitEnds(text: string, end: number = text.length): readonly number[] {
  const ends: number[] = []
  let start = 0
  let solid = 0
  for (let at = 0; at < end; at += 1) {
    const unit = text.charCodeAt(at)
    const space = isSpace(unit)
    if (!space) solid += unit >= FIRST_IDEOGRAPH ? 3 : 1
    const length = at + 1 - start
    const full = length > LONGEST && (space || length > 2 * LONGEST)
    if (!full && (solid < LEAST || !isEnd(text, at, end, unit))) continue
    ends.push(at + 1)
    start = at + 1
    solid = 0
  }
  if (start === end) return ends
  // What is left says too little alone.
  if (solid < LEAST && ends.length > 0) ends.pop()
  ends.push(end)
  return ends
}

function isEnd(text: string, at: number, end: number, unit: number): boolean {
  switch (unit) {
    case 0x0a: // line feed
    case 0x3002: // 。
    case 0xff01: // ！
    case 0xff1f: // ？
      return true
    case 0x2e: // .
    case 0x21: // !
    case 0x3f: // ?
    case 0x61f: // Arabic question mark
    case 0x964: // danda
      return at + 1 === end || isSpace(text.charCodeAt(at + 1))
    default:
      return false
  }
}

function isSpace(unit: number): boolean {
  return unit === 0x20 || (unit >= 0x09 && unit <= 0x0d)
}
