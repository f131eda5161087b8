/**
 * Finds links in answers and tool calls and holds them against an allow-list: a model that was talked into it can otherwise send what
 * it knows to any host, with an image that loads without a click.
 */
import { createPatternScanner, regExpMatcher } from '../../core/scan/index.ts'
import type { PatternMatch, Recogniser } from '../../core/scan/index.ts'
import type { Action, Finding, Guard, Stage } from '../../spec/index.ts'
import type { EgressRules, UrlProblem } from './judge-url.ts'
import { urlProblem } from './judge-url.ts'

export interface EgressGuardOptions {
  readonly id?: string
  /** Hosts that may be linked; `*.example.com` means every host below. Without it every host may. */
  readonly allow?: readonly string[]
  readonly deny?: readonly string[]
  /** Default http, https, mailto. */
  readonly schemes?: readonly string[]
  /** Also refuse links that carry long encoded data. Default true. */
  readonly dataInUrl?: boolean
  /** Images load without a click: `block` refuses all of them, `allow` treats them as links. Default `allow`. */
  readonly images?: 'block' | 'allow'
  /** Default `block`. */
  readonly action?: Action
  readonly stages?: readonly Stage[]
}

/** Longest link looked at, in characters. */
const LONGEST = 2048

/** Creates the guard. */
export function createEgressGuard(options: EgressGuardOptions = {}): Guard {
  const {
    id = 'egress',
    allow,
    deny,
    schemes = ['http', 'https', 'mailto'],
    dataInUrl = true,
    images = 'allow',
    action = 'block',
    stages = ['tool_call', 'output'],
  } = options
  const rules: EgressRules = {
    schemes,
    dataInUrl,
    ...(allow === undefined ? {} : { allow }),
    ...(deny === undefined ? {} : { deny }),
  }
  const scanner = createPatternScanner(recognisers(rules, images, action))
  return {
    specVersion: 'v1',
    id,
    version: `1:${JSON.stringify([rules, images, action])}`,
    stages,
    maxSpan: scanner.maxSpan,
    check: ({ text }) => ({ findings: scanner.scan(text) }),
    open: () => scanner.open(),
  }
}

function recognisers(rules: EgressRules, images: 'block' | 'allow', action: Action): readonly Recogniser[] {
  const finding = (label: string, reason: string): Omit<Finding, 'span'> => ({
    label: `egress.${label}`,
    score: 1,
    action,
    replacement: '[LINK REMOVED]',
    reason,
  })
  const link = (match: PatternMatch, text: string): Omit<Finding, 'span'> | null => {
    const problem = urlProblem(text.slice(match.index, match.end).replace(/[).,;:!?\]}]{1,9}$/, ''), rules)
    return problem === null ? null : finding(problem, REASONS[problem])
  }
  const all: Recogniser[] = [
    {
      id: 'egress.link',
      pattern: regExpMatcher(
        /(?:[A-Za-z][A-Za-z0-9+.-]{1,20}:(?:\/\/|\\\/\\\/|(?=[A-Za-z0-9]))|(?<![:\w/])\/\/(?=[\w.-]{1,80}\.[a-z]{2})|(?<![\w/.@-])www\.)[^\s"'<>`]{1,2000}/gi,
      ),
      maxLength: LONGEST,
      lookbehind: 2,
      needs: (text) => text.includes(':') || text.includes('//') || /www\./i.test(text),
      // Held back from where a link may begin, not for its longest length.
      opening: { pattern: regExpMatcher(/[A-Za-z][A-Za-z0-9+.-]{0,20}:|\/\/|www\./gi), maxLength: 24 },
      accept: (match, text) => {
        const written = text.slice(match.index, match.end)
        const known =
          /^(?:https?|ftp|wss?|file|data|javascript|mailto|blob|vbscript|ssh|telnet|gopher|ldap):|^\/\/|^www\./i.test(
            written,
          )
        return known || written.includes('://') ? link(match, text) : null
      },
    },
  ]
  if (images === 'block') {
    all.push({
      id: 'egress.image',
      pattern: regExpMatcher(/!\[[^\]\n]{0,200}\]\([^)\n]{1,1800}\)|<img\s[^>\n]{1,1800}>/gi),
      maxLength: LONGEST,
      needs: (text) => text.includes('![') || /<img\s/i.test(text),
      opening: { pattern: regExpMatcher(/!\[|<img\s/gi), maxLength: 5 },
      accept: () => finding('image', 'Images are not allowed here.'),
    })
  }
  return all
}

const REASONS: Readonly<Record<UrlProblem, string>> = {
  host: 'A link leads to a host that is not on the allow-list.',
  scheme: 'A link uses a scheme that is not allowed.',
  data: 'A link carries encoded data.',
  userinfo: 'A link hides its host behind a user name.',
}
