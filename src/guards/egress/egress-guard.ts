/**
 * Guard against links that leave: hosts that are not allowed, schemes that do something else than open a page, images that load
 * without a click, data carried away in a URL, and the tricks that make a host look like another.
 *
 * Judges links as WHATWG URLs, on the text as written (normalising would judge another host than the one a browser opens).
 * Nothing is resolved or fetched; where an allowed host redirects to is not known here.
 */
import type { Action, Finding, Guard, GuardStream, Stage, StreamBuffer, StreamStep } from '../../spec/index.ts'
import { CONTEXT } from '../secrets/secret-pattern.ts'
import { LINK_RUNS, LONG_RUN, RunCutter, cutWhole, type Region } from '../secrets/run-cutter.ts'
import { WholeText } from '../secrets/whole-text.ts'
import { decodeEscapes } from './decode-escapes.ts'
import { findLinks, type Link } from './find-links.ts'
import { isHomograph } from './homograph.ts'
import { canonicalHost, HostList, parseUrl } from './host-list.ts'
import { carriesData } from './url-data.ts'

/** Settings of the guard. */
export interface EgressGuardOptions {
  readonly id: string
  /** Hosts that may be linked: `example.com`, `*.example.com`, `example.com:8443`. Without it every host that is not denied. */
  readonly allow?: readonly string[]
  /** Hosts that may not, with everything below them. Wins over `allow`. */
  readonly deny?: readonly string[]
  /** Schemes that may be used. Default http, https, mailto, tel. */
  readonly schemes?: readonly string[]
  /** Report URLs that carry long encoded data. Default true. */
  readonly dataInUrl?: boolean
  /** `block` (default): images from hosts that are not listed in `allow` are reported. */
  readonly images?: 'block' | 'allow'
  /** Default `block`. */
  readonly action?: Action
  readonly stages?: readonly Stage[]
}

const RULES_VERSION = '1'
const DEFAULT_STAGES: readonly Stage[] = ['tool_call', 'output']
const DEFAULT_SCHEMES = ['http', 'https', 'mailto', 'tel']
const WEB = /^(?:https?|wss?|ftp):$/

/** Creates the guard. */
export function createEgressGuard(options: EgressGuardOptions): Guard {
  const judge = new LinkJudge(options)
  const { id, stages = DEFAULT_STAGES, allow, deny, schemes, dataInUrl, images, action } = options
  return {
    specVersion: 'v1',
    id,
    version: JSON.stringify([RULES_VERSION, allow, deny, schemes, dataInUrl, images, action]),
    stages,
    maxSpan: LONG_RUN,
    check(request) {
      const buffer = new WholeText(request.text)
      return { findings: judgeRegions(judge, buffer, cutWhole(buffer, LINK_RUNS).regions) }
    },
    open: () => new EgressStream(judge),
  }
}

class EgressStream implements GuardStream {
  readonly #judge: LinkJudge
  readonly #cutter = new RunCutter(LINK_RUNS)

  constructor(judge: LinkJudge) {
    this.#judge = judge
  }

  advance(buffer: StreamBuffer): StreamStep {
    const { regions } = this.#cutter.advance(buffer)
    const findings = judgeRegions(this.#judge, buffer, regions)
    const settled = this.#cutter.done
    return { findings, settled, keep: Math.max(0, settled - CONTEXT) }
  }
}

function judgeRegions(judge: LinkJudge, buffer: StreamBuffer, regions: readonly Region[]): readonly Finding[] {
  const findings: Finding[] = []
  for (const region of regions) {
    const look = Math.max(buffer.start, region.look)
    const decoded = decodeEscapes(buffer.slice(look, region.until))
    for (const link of findLinks(decoded)) {
      const start = look + (decoded.origin?.[link.start] ?? link.start)
      if (start < region.from || start >= region.to) continue
      const end = look + (decoded.origin?.[link.end] ?? link.end)
      judge.judge(link, { start, end }, findings)
    }
  }
  return findings
}

class LinkJudge {
  readonly #allow: HostList | null
  readonly #deny: HostList
  readonly #schemes: ReadonlySet<string>
  readonly #dataInUrl: boolean
  readonly #images: boolean
  readonly #action: Action

  constructor(options: EgressGuardOptions) {
    this.#allow = options.allow === undefined ? null : new HostList(options.allow, 'allow')
    this.#deny = new HostList(options.deny ?? [], 'deny')
    this.#schemes = new Set(
      (options.schemes ?? DEFAULT_SCHEMES).map((scheme) => `${scheme.toLowerCase().replace(/:.*$/, '')}:`),
    )
    this.#dataInUrl = options.dataInUrl ?? true
    this.#images = options.images !== 'allow'
    this.#action = options.action ?? 'block'
  }

  judge(link: Link, span: { start: number; end: number }, findings: Finding[]): void {
    const url = parseUrl(link.url)
    if (url === null) return
    const report = (label: string, score: number, reason: string): void => {
      findings.push({ label, score, span, replacement: '[LINK REMOVED]', reason, action: this.#action })
    }
    if (!this.#schemes.has(url.protocol)) return report('egress.scheme', 1, 'A link uses a scheme that is not allowed.')
    if (!WEB.test(url.protocol) && url.hostname === '') return
    const problem = this.#hostProblem(url)
    if (problem !== null) report('egress.host', 1, problem)
    const listed = problem === null && this.#allow !== null
    if (link.image && this.#images && !listed)
      report('egress.image', 1, 'An image would load from a host that is not listed.')
    if (this.#dataInUrl && carriesData(url)) report('egress.data', 0.8, 'A link carries long encoded data.')
  }

  #hostProblem(url: URL): string | null {
    const host = canonicalHost(url)
    if (this.#deny.covers(url)) return 'A link goes to a host that is denied.'
    if (this.#allow !== null) return this.#allow.allows(url) ? null : 'A link goes to a host that is not allowed.'
    if (host.startsWith('[') || /^[0-9.]+$/.test(host)) return 'A link goes to an IP address instead of a name.'
    if (url.username.includes('.') || url.username.includes('%')) return 'A link hides its host behind a user name.'
    return isHomograph(host) ? 'A link goes to a host made to look like another.' : null
  }
}
