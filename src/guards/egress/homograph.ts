/**
 * Host names that are made to look like others: labels that mix scripts, or that consist of another script's look-alikes of
 * Latin letters (UTS 39 in small). Punycode is decoded as in RFC 3492.
 */

/** Cyrillic and Greek small letters that look Latin. */
const LOOK_ALIKES = /^[асеорхуіјѕһԁԛԝгӏӀүҽαικνορτυωχ0-9-]+$/u
const LATIN = /\p{Script=Latin}/u
const OTHER_ALPHABET = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}\p{Script=Coptic}]/u
const NON_ASCII = /[^\x00-\x7f]/

/** Whether a host in punycode has a label made to deceive. */
export function isHomograph(host: string): boolean {
  if (!host.includes('xn--')) return false
  return host.split('.').some((label) => label.startsWith('xn--') && deceives(decodePunycode(label.slice(4))))
}

function deceives(label: string | null): boolean {
  if (label === null) return true
  if (LATIN.test(label) && OTHER_ALPHABET.test(label)) return true
  return NON_ASCII.test(label) && LOOK_ALIKES.test(label)
}

/** Decodes one label; null when it is not punycode. */
export function decodePunycode(input: string): string | null {
  const output: number[] = []
  const dash = input.lastIndexOf('-')
  for (let index = 0; index < dash; index++) output.push(input.charCodeAt(index))
  let n = 128
  let i = 0
  let bias = 72
  for (let at = dash < 0 ? 0 : dash + 1; at < input.length;) {
    const before = i
    for (let weight = 1, k = 36; ; k += 36) {
      const digit = digitOf(input.charCodeAt(at))
      at += 1
      if (digit < 0 || at > input.length) return null
      i += digit * weight
      const threshold = k <= bias ? 1 : Math.min(26, k - bias)
      if (digit < threshold) break
      weight *= 36 - threshold
    }
    const size = output.length + 1
    bias = adapt(i - before, size, before === 0)
    n += Math.floor(i / size)
    i %= size
    if (n > 0x10ffff) return null
    output.splice(i, 0, n)
    i += 1
  }
  return String.fromCodePoint(...output)
}

function adapt(delta: number, size: number, first: boolean): number {
  let rest = first ? Math.floor(delta / 700) : delta >> 1
  rest += Math.floor(rest / size)
  let k = 0
  for (; rest > 455; k += 36) rest = Math.floor(rest / 35)
  return k + Math.floor((36 * rest) / (rest + 38))
}

function digitOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 22
  if (code >= 0x61 && code <= 0x7a) return code - 0x61
  return code >= 0x41 && code <= 0x5a ? code - 0x41 : -1
}
