/** Lengths that sequences are padded to on the right: few, because each is a graph of its own. What comes later changes nothing before it. */
export function paddedLength(length: number, maxLength: number): number {
  return Math.min(maxLength, 16 * Math.ceil(length / 16))
}
