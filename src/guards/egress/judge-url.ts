/**
 * Whether a URL may be followed: scheme, host and what it carries. Hosts are compared as browsers see them (WHATWG URL), so that user
 * names before an @, encoded addresses and trailing dots do not help.
 */

export interface EgressRules {
  /** Hosts that may be named; `*.example.com` means every host below it. Without a list every host may. */
  readonly allow?: readonly string[]
  readonly deny?: readonly string[]
  /** Default http, https, mailto. */
  readonly schemes: readonly string[]
  /** Also refuse links that carry long encoded data. */
  readonly dataInUrl: boolean
}

export type UrlProblem = 'host' | 'scheme' | 'data' | 'userinfo'

/** Query or path parts at least this long are looked at as data. */
const LONG_PART = 48

/** What is wrong with a URL as written, or null. */
export function urlProblem(written: string, rules: EgressRules): UrlProblem | null {
  const text = unescapeJson(written)
  const absolute = text.startsWith('//') ? `https:${text}` : /^www\./i.test(text) ? `https://${text}` : text
  if (!URL.canParse(absolute)) return 'host'
  const url = new URL(absolute)
  const scheme = url.protocol.slice(0, -1)
  if (!rules.schemes.includes(scheme)) return 'scheme'
  if (scheme !== 'http' && scheme !== 'https') return null
  if (url.username !== '' || url.password !== '') return 'userinfo'
  if (!hostAllowed(url.hostname, rules)) return 'host'
  return rules.dataInUrl && carriesData(url) ? 'data' : null
}

function unescapeJson(text: string): string {
  return text
    .replaceAll(String.raw`\/`, '/')
    .replaceAll(/\\u00([0-9a-fA-F]{2})/g, (_whole, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
}

function hostAllowed(hostname: string, { allow, deny = [] }: EgressRules): boolean {
  const host = hostname.toLowerCase().replace(/\.$/, '')
  if (deny.some((pattern) => hostMatches(host, pattern))) return false
  return allow === undefined || allow.some((pattern) => hostMatches(host, pattern))
}

function hostMatches(host: string, pattern: string): boolean {
  const wanted = pattern.toLowerCase().replace(/\.$/, '')
  return wanted.startsWith('*.') ? host.endsWith(wanted.slice(1)) && host.length > wanted.length - 1 : host === wanted
}

/** A long run of encoded characters where ordinary links have words. */
function carriesData(url: URL): boolean {
  const parts = [...url.searchParams.values(), ...url.pathname.split('/'), url.hash.slice(1)]
  return parts.some(
    (part) =>
      part.length >= LONG_PART &&
      /^[A-Za-z0-9+/=_%.-]+$/.test(part) &&
      /\d/.test(part) &&
      !/^[a-z]+(?:-[a-z0-9]+)+$/i.test(part),
  )
}
