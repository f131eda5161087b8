/**
 * Groundedness of an answer and its citations, as a guard of the output. Sources are the documents marked in the conversation and what tools
 * answered; an answer without any is not judged unless the policy asks for sources.
 *
 * There is no stream session: a claim needs its whole answer (citations and sources may stand behind it), so streams are held to their end.
 */
import { hashText } from '../../core/text/index.ts'
import type { Action, CompletionEngine, Finding, Guard, GuardReport, Role } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import type { AssessedCitation, AssessedClaim, AssessOptions, Groundedness } from './assess.ts'
import { assessGrounding } from './assess.ts'
import type { TextEmbedder } from './embedding.ts'
import { sourcesOf } from './sources.ts'

export interface GroundingGuardOptions {
  readonly id?: string
  /** Least support of a supported claim, between 0 and 1. Default 0.5. */
  readonly threshold?: number
  /** Least share of claims that must be supported; below it every unsupported claim takes the action, else it is flagged. Default 0.8. */
  readonly minSupported?: number
  /** For contradictions, wrong citations and too little support. Default `retry`. */
  readonly action?: Action
  /** `check`: citations must exist and bear their claims out. `require`: every claim needs one. `off`. Default `check`. */
  readonly citations?: 'check' | 'require' | 'off'
  /** Messages of which roles hold sources. Default system, developer, user and tool. */
  readonly sources?: readonly Role[]
  /** An answer without any source is reported. Default false. */
  readonly required?: boolean
  readonly embedder?: TextEmbedder
  /** A language model asked about claims of which words alone are unsure. */
  readonly judge?: CompletionEngine
}

const LONGEST_ANSWER = 60_000
/** Claims reported at most; what is said of the whole answer counts all. */
const MOST_FINDINGS = 50
const REASONS: Readonly<Record<string, string>> = {
  number: 'The source has another number.',
  date: 'The source has another date.',
  denial: 'The source says the opposite.',
}

/**
 * Creates the guard.
 *
 * @throws ParapetError `configuration`
 */
export function createGroundingGuard(options: GroundingGuardOptions = {}): Guard {
  const { id = 'grounding', threshold = 0.5, minSupported = 0.8, action = 'retry', citations = 'check' } = options
  const { sources: roles = ['system', 'developer', 'user', 'tool'], required = false, embedder, judge } = options
  if (!(threshold > 0 && threshold < 1)) throw wrong('threshold must lie between 0 and 1')
  if (!(minSupported >= 0 && minSupported <= 1)) throw wrong('minSupported must be a number from 0 to 1')
  const asked: AssessOptions = {
    threshold,
    ...(embedder === undefined ? {} : { embedder }),
    ...(judge === undefined ? {} : { judge }),
  }
  const facts = [threshold, minSupported, action, citations, roles, required, embedder?.version, judge?.version]
  return {
    specVersion: 'v1',
    ...{ id, stages: ['output'], version: hashText(JSON.stringify(facts)) },
    // The verdict cache does not know the messages that sources stand in.
    cacheable: false,
    async check(request): Promise<GuardReport> {
      const { original } = request.text
      if (request.aside !== undefined || original.trim() === '') return { findings: [] }
      if (original.length > LONGEST_ANSWER)
        throw new ParapetError(
          'input_too_large',
          `Groundedness is checked in answers of at most ${LONGEST_ANSWER} characters. Limit their length.`,
        )
      const sources = sourcesOf(request, roles)
      if (sources.length === 0) return { findings: required ? [noSources(action)] : [] }
      const grounded = await assessGrounding(original, sources, { ...asked, signal: request.signal })
      return { findings: findingsOf(grounded, { threshold, minSupported, action, citations }) }
    },
  }
}

type Rules = Required<Pick<GroundingGuardOptions, 'threshold' | 'minSupported' | 'action' | 'citations'>>

function findingsOf({ claims, supportedShare }: Groundedness, rules: Rules): readonly Finding[] {
  const tooFew = supportedShare < rules.minSupported
  return claims
    .flatMap((claim): readonly Finding[] => {
      if (claim.verdict === 'no_claim') return citationFindings(claim, rules)
      return [...claimFindings(claim, tooFew, rules), ...citationFindings(claim, rules)]
    })
    .slice(0, MOST_FINDINGS)
}

function claimFindings(claim: AssessedClaim, tooFew: boolean, { threshold, action }: Rules): readonly Finding[] {
  const { verdict, support, contradiction, mismatch, evidence } = claim
  const span = { start: claim.start, end: claim.end }
  const where =
    evidence === null ? '' : ` Nearest: ${nameOf(evidence.source)}, characters ${evidence.start} to ${evidence.end}.`
  if (verdict === 'contradicted') {
    const reason = `${mismatch === null ? 'The source says otherwise.' : REASONS[mismatch]}${where}`
    return [{ label: 'grounding.contradicted', score: contradiction, span, action, reason }]
  }
  if (verdict !== 'unsupported') return []
  const score = 1 - support / (2 * threshold)
  const reason = `No source says this. Say only what the sources say.${where}`
  return [{ label: 'grounding.unsupported', score, span, action: tooFew ? action : 'flag', reason }]
}

function citationFindings(
  { verdict, start, end, citations }: AssessedClaim,
  { action, citations: rule }: Rules,
): readonly Finding[] {
  if (rule === 'off') return []
  // A claim that nothing bears out is reported as that.
  const wrongOnes = citations
    .filter(({ state }) => state === 'missing' || (state === 'unsupportive' && verdict === 'supported'))
    .map((citation) => wrongCitation(citation, action))
  if (rule !== 'require' || verdict === 'no_claim' || citations.length > 0) return wrongOnes
  return [
    {
      label: 'grounding.uncited',
      score: 1,
      span: { start, end },
      action,
      reason: 'The claim cites no source. Cite one.',
    },
  ]
}

function wrongCitation({ state, start, end }: AssessedCitation, action: Action): Finding {
  const reason = state === 'missing' ? 'There is no such source.' : 'The source cited does not say this.'
  return { label: `grounding.citation_${state}`, score: 1, span: { start, end }, action, reason }
}

function noSources(action: Action): Finding {
  return {
    label: 'grounding.no_sources',
    score: 1,
    action,
    reason: 'There are no sources that the answer could rest on.',
  }
}

/** Names come with documents and may be anything: only plain ones are repeated in a reason. */
function nameOf(source: string): string {
  return /^[\w.:-]{1,32}$/.test(source) ? `source ${source}` : 'a source'
}

function wrong(message: string): ParapetError {
  return new ParapetError('configuration', `The options of the grounding guard are wrong: ${message}.`)
}
