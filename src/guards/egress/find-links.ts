/**
 * Finds what a browser, a Markdown renderer or a tool would follow: URLs with a scheme, links without one (`//host`, `www.…`,
 * `host.com/…`), and whether they load without a click (images).
 *
 * Bare names are taken for hosts only under common top-level domains that are not file endings. Reference definitions
 * (`[x]: url`) are links; whether an image uses one is not traced.
 */
import type { Decoded } from './decode-escapes.ts'

/** A link in a text. Offsets count in the text searched. */
export interface Link {
  readonly start: number
  readonly end: number
  /** With a scheme. */
  readonly url: string
  readonly image: boolean
}

const BODY = String.raw`[^\s"'\x60<>]`
const HIERARCHICAL = new RegExp(
  String.raw`(?<![A-Za-z0-9+.-])(?:(?:https?|ftp|wss?|file):[\/\\]{1,6}|[A-Za-z][A-Za-z0-9+.-]{1,30}:\/\/)${BODY}{1,4000}`,
  'gi',
)
const OPAQUE = new RegExp(
  String.raw`(?<![A-Za-z0-9+.-])(?:javascript|vbscript|data:(?=[a-z]{1,12}\/|[;,])|blob:https?|mailto|tel|sms|intent|smb|ldap|file):?(?!\/\/)${BODY}{1,4000}`,
  'gi',
)
const TOP_LEVEL =
  'com|net|org|edu|gov|mil|int|info|biz|io|dev|app|ai|xyz|online|site|store|shop|top|club|cloud|tech|link|click|live|page|icu|' +
  'de|at|ch|uk|eu|fr|es|it|nl|be|pt|se|no|fi|dk|cz|gr|hu|ro|ua|ru|cn|jp|kr|in|br|mx|ar|ca|us|au|nz|za|tk|ml|ga|cf|gq|su|to|ly|co|me|tv|cc|ws'
const BARE = new RegExp(
  String.raw`(?<![A-Za-z0-9_@.\/\\:%-])(?:\/\/)?(?:[a-z0-9](?:[a-z0-9-]{0,62})\.){1,8}(?:${TOP_LEVEL})(?![A-Za-z0-9_@-]|\.[A-Za-z0-9])(?::[0-9]{1,5})?(?:[\/?#]${BODY}{0,4000})?`,
  'gi',
)
const MARKDOWN_IMAGE = /!\[[^\]]{0,150}\]\(\s{0,3}<?$/
const HTML_IMAGE =
  /<(?:img|source|image|video|audio|iframe|embed|object|input|link|script)\b[^>]{0,150}(?:src|srcset|data|href|poster)\s{0,3}=\s{0,3}["']?$/i
/** Characters before a link, as written, that may say it is an image. */
const LOOK = 170
const CSS_IMAGE = /url\(\s{0,3}["']?$/i

/** All links that begin in a decoded text, by position; those inside another link are not listed. */
export function findLinks(decoded: Decoded): readonly Link[] {
  const { text } = decoded
  const links: Link[] = []
  const hasColon = text.includes(':')
  if (hasColon) collect(decoded, HIERARCHICAL, links, (raw) => raw)
  if (hasColon && /script:|data:|blob:|mailto:|tel:|sms:|intent:|smb:|ldap:|file:/i.test(text)) {
    collect(decoded, OPAQUE, links, (raw) => (/^[a-z]{2,12}:/i.test(raw) ? raw : null))
  }
  if (text.includes('.'))
    collect(decoded, BARE, links, (raw) => (raw.startsWith('//') ? `https:${raw}` : `https://${raw}`))
  return links.length > 1 ? outermost(links) : links
}

function collect(decoded: Decoded, pattern: RegExp, links: Link[], toUrl: (raw: string) => string | null): void {
  const { text } = decoded
  pattern.lastIndex = 0
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const raw = trimEnd(match[0])
    const url = toUrl(raw)
    if (url !== null)
      links.push({ start: match.index, end: match.index + raw.length, url, image: loadsItself(decoded, match.index) })
  }
}

function loadsItself({ text, origin }: Decoded, start: number): boolean {
  const last = text.charCodeAt(start - 1)
  // Only after ( < " ' = or a space can it be an image's address.
  if (last !== 0x28 && last !== 0x3c && last !== 0x22 && last !== 0x27 && last !== 0x3d && last !== 0x20) return false
  let from = Math.max(0, start - LOOK)
  // As written, an escape is longer than what it stands for.
  if (origin !== null) while (from < start && (origin[start] ?? 0) - (origin[from] ?? 0) > LOOK) from += 1
  const before = text.slice(from, start)
  return MARKDOWN_IMAGE.test(before) || HTML_IMAGE.test(before) || CSS_IMAGE.test(before)
}

/** Leaves out punctuation of the sentence and brackets that were opened before the link. */
function trimEnd(raw: string): string {
  let depth = 0
  let end = raw.length
  for (let index = 0; index < raw.length; index++) {
    const code = raw.charCodeAt(index)
    if (code === 0x28) depth += 1
    else if (code === 0x29 && --depth < 0) {
      end = index
      break
    }
  }
  while (end > 0 && '.,;:!?*_~]}|\\'.includes(raw.charAt(end - 1))) end -= 1
  return raw.slice(0, end)
}

function outermost(links: Link[]): readonly Link[] {
  links.sort((left, right) => left.start - right.start || right.end - left.end)
  let reach = -1
  return links.filter(({ start, end }) => {
    if (start < reach) return false
    reach = end
    return true
  })
}
