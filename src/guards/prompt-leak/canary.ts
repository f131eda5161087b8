/** Canaries: invented words to put into a system prompt, and the simple disguises in which a model may give one away. */

const LETTERS = 'abcdefghijkmnpqrstuvwxyz23456789'

/** A new canary, for example `canary-7k2m9xq4wz`. Put it anywhere in the system prompt and list it in the policy. */
export function createCanary(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12))
  return `canary-${Array.from(bytes, (byte) => LETTERS.charAt(byte % LETTERS.length)).join('')}`
}

/** Patterns that find a canary as it is, spaced out, reversed, or in base64. Case does not matter. */
export function canaryPatterns(canary: string): readonly { readonly source: string; readonly maxLength: number }[] {
  const escape = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`)
  const spaced = [...canary].map(escape).join(String.raw`[\s._*-]{0,2}`)
  const reversed = escape([...canary].reverse().join(''))
  const encoded = [0, 1, 2].map((shift) => escape(base64Core(canary, shift))).filter((core) => core.length >= 8)
  return [
    { source: spaced, maxLength: canary.length * 3 },
    { source: reversed, maxLength: canary.length },
    ...encoded.map((source) => ({ source, maxLength: canary.length * 2 })),
  ]
}

/** The characters of the base64 form that do not depend on what stands before or after. */
function base64Core(text: string, shift: number): string {
  const bytes = new TextEncoder().encode('\u0000'.repeat(shift) + text)
  const encoded = btoa(String.fromCharCode(...bytes))
  const from = shift === 0 ? 0 : shift === 1 ? 2 : 3
  return encoded.replace(/=+$/, '').slice(from, -1)
}
