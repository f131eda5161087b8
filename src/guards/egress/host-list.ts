/**
 * Lists of hosts: exact names, `*.example.com` for what is below a name, an optional scheme before and port after.
 *
 * Names are compared as WHATWG URLs write them: lower case, punycode, no trailing dot, IP addresses in canonical form. An entry
 * without a port means the scheme's default port; `:*` means any.
 */
import { ParapetError } from '../../spec/index.ts'

interface HostEntry {
  readonly scheme: string | null
  readonly host: string
  /** Only names below `host`. */
  readonly below: boolean
  /** null: the default port. */
  readonly port: string | null
}

const ENTRY =
  /^(?:([a-z][a-z0-9+.-]{0,30}):\/\/)?(\*\.)?([^\s/:@?#*]{1,253}|\[[0-9a-f:.]{2,60}\])(?::([0-9]{1,5}|\*))?\/?$/i

/** A list of hosts. */
export class HostList {
  readonly #entries: readonly HostEntry[]

  /** @param option name of the option, for messages */
  constructor(entries: readonly string[], option: string) {
    this.#entries = entries.map((entry) => toEntry(entry, option))
  }

  /** Whether a URL goes to a listed host. */
  allows(url: URL): boolean {
    const host = canonicalHost(url)
    const scheme = url.protocol.slice(0, -1)
    return this.#entries.some((entry) => {
      if (entry.scheme !== null && entry.scheme !== scheme) return false
      if (entry.port !== '*' && (entry.port ?? '') !== url.port && !isDefaultPort(entry.port, url)) return false
      return entry.below ? host.endsWith(`.${entry.host}`) : host === entry.host
    })
  }

  /** Whether a URL goes to a listed host or one below it, at any port. */
  covers(url: URL): boolean {
    const host = canonicalHost(url)
    return this.#entries.some((entry) => host.endsWith(`.${entry.host}`) || (!entry.below && host === entry.host))
  }
}

/** Host of a URL without a trailing dot. */
export function canonicalHost(url: URL): string {
  const host = url.hostname.toLowerCase()
  return host.endsWith('.') ? host.slice(0, -1) : host
}

function isDefaultPort(port: string | null, url: URL): boolean {
  return (
    url.port === '' && ((port === '443' && url.protocol === 'https:') || (port === '80' && url.protocol === 'http:'))
  )
}

function toEntry(text: string, option: string): HostEntry {
  const match = ENTRY.exec(text.trim())
  const name = match?.[3]
  const url = name === undefined ? null : parseUrl(`https://${name}/`)
  if (match === null || url === null) {
    throw new ParapetError(
      'configuration',
      `Egress option \`${option}\` has an entry that is not a host. Write example.com, *.example.com or example.com:8443.`,
    )
  }
  return {
    scheme: match[1]?.toLowerCase() ?? null,
    host: canonicalHost(url),
    below: match[2] !== undefined,
    port: match[4] ?? null,
  }
}

/** Parses a URL as browsers do; null when they would not. */
export function parseUrl(text: string): URL | null {
  try {
    return new URL(text)
  } catch {
    return null
  }
}
