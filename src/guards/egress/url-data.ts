/**
 * Whether a URL carries data away: a long encoded value or a whole sentence in its query, fragment, path or host name.
 *
 * Short identifiers, hashes up to 64 hexadecimal digits, and search words are not data.
 */
import { randomness } from '../secrets/entropy.ts'

const LONG_TOKEN = 48
const LONG_LABEL = 32
const SENTENCE = 50

/** Whether a parsed URL carries data. */
export function carriesData(url: URL): boolean {
  if (
    url.hostname
      .split('.')
      .some((label) => label.length >= LONG_LABEL && /[0-9]/.test(label) && !label.startsWith('xn--'))
  )
    return true
  if (url.pathname.length < LONG_TOKEN && url.search.length < LONG_TOKEN && url.hash.length < LONG_TOKEN) return false
  const parts = [
    ...url.pathname.split('/'),
    ...url.search.slice(1).split('&').map(valueOf),
    ...url.hash.slice(1).split('&').map(valueOf),
  ]
  return parts.some(isData)
}

function valueOf(pair: string): string {
  return pair.slice(pair.indexOf('=') + 1)
}

function isData(part: string): boolean {
  if (part.length < LONG_TOKEN) return false
  const decoded = decode(part)
  if (decoded.length >= SENTENCE && decoded.split(' ').length > 6) return true
  if (/^[0-9a-fA-F]+$/.test(decoded)) return decoded.length > 64
  if (/^[A-Z2-7]+=*$/.test(decoded)) return true
  return /^[A-Za-z0-9+/_=-]+$/.test(decoded) && randomness(decoded, { threshold: 3.8, minLength: LONG_TOKEN }) > 0
}

function decode(part: string): string {
  const spaced = part.replaceAll('+', ' ')
  if (!spaced.includes('%')) return / /.test(spaced) && spaced.split(' ').length > 6 ? spaced : part
  try {
    return decodeURIComponent(spaced)
  } catch {
    return spaced.replace(/%[0-9a-fA-F]{2}/g, ' ')
  }
}
