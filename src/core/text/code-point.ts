/**
 * The code point at a place of a text. Not `String.prototype.codePointAt`: V8 13.6 (Node 24), once it has optimised the caller, reads
 * past the end of a slice that ends between the halves of a pair, and gives the whole pair.
 */

/** The code point at `at`, a lone half of a pair as it is; undefined outside the text. */
export function codePointAt(text: string, at: number): number | undefined {
  if (at >= text.length || at < 0) return undefined
  const unit = text.charCodeAt(at)
  if (unit < 0xd800 || unit > 0xdbff || at + 1 === text.length) return unit
  const low = text.charCodeAt(at + 1)
  return low >= 0xdc00 && low <= 0xdfff ? (unit - 0xd800) * 0x400 + low - 0xdc00 + 0x10000 : unit
}
