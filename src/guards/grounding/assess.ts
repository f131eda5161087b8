/**
 * Groundedness of an answer: each claim against the sentences of its sources, by weighted containment of its words, likeness of vectors, and
 * atoms that must agree exactly. A judge may be asked about claims on which that is unsure.
 *
 * Words and vectors are no understanding: a paraphrase without a common word looks unsupported, and a false claim made of a source's own
 * words looks supported unless a number, a date or a denial gives it away. The figures are in docs/guides/grounding.md.
 */
import type { CompletionEngine } from '../../spec/index.ts'
import type { Claim } from './claims.ts'
import { claimsOf } from './claims.ts'
import type { TextEmbedder } from './embedding.ts'
import { createHashedEmbedder } from './embedding.ts'
import type { Mismatch } from './mismatch.ts'
import { askSupport } from './support-judge.ts'
import type { SourceSentence } from './source-index.ts'
import { SourceIndex } from './source-index.ts'
import type { Source } from './sources.ts'
import type { Weighed } from './weigh-claims.ts'
import { weighClaims } from './weigh-claims.ts'

export type ClaimVerdict = 'supported' | 'unsupported' | 'contradicted' | 'no_claim'

/** Where in a source the best matching sentence stands. */
export interface SourceEvidence {
  readonly source: string
  readonly start: number
  readonly end: number
}

export interface AssessedClaim {
  readonly verdict: ClaimVerdict
  /** Range in the answer. */
  readonly start: number
  readonly end: number
  /** 0…1; a claim is supported from the threshold on. 1 where nothing is claimed. */
  readonly support: number
  /** 0…1; above one half where a source says otherwise. */
  readonly contradiction: number
  /** What does not agree with the best sentence. */
  readonly mismatch: Mismatch | null
  readonly evidence: SourceEvidence | null
  readonly citations: readonly AssessedCitation[]
}

/** `missing`: there is no such source. `unsupportive`: it does not bear the claim out. */
export interface AssessedCitation {
  readonly id: string
  readonly start: number
  readonly end: number
  readonly state: 'good' | 'missing' | 'unsupportive'
}

export interface Groundedness {
  readonly claims: readonly AssessedClaim[]
  /** Supported claims among all that claim something, 0…1; 1 where nothing does. */
  readonly supportedShare: number
}

export interface AssessOptions {
  /** Least support of a supported claim, 0…1. Default 0.5. */
  readonly threshold?: number
  /** Default: hashed features. */
  readonly embedder?: TextEmbedder
  /** Asked about claims whose support is within 0.2 of the threshold, or that look contradicted; at most 32 times. */
  readonly judge?: CompletionEngine
  readonly signal?: AbortSignal
}

const UNSURE = 0.2
/** Questions to a judge at most, and sentences shown with each. */
const MOST_QUESTIONS = 32
const PASSAGES = 3

/** Assesses an answer. Rejects as the embedder and the judge do; without them it does not reject. */
export async function assessGrounding(
  answer: string,
  sources: readonly Source[],
  options: AssessOptions = {},
): Promise<Groundedness> {
  const { threshold = 0.5, embedder = createHashedEmbedder(), judge, signal } = options
  const index = new SourceIndex(sources)
  const named = sourceNames(sources)
  const claims = claimsOf(answer, new Set(sources.map(({ id }) => id)))
  const weigh = await weighClaims(claims, index, embedder, signal)
  let questions = judge === undefined ? 0 : MOST_QUESTIONS
  const decide = (weighed: Weighed, claim: Claim, only?: number): Promise<Weighed> | Weighed => {
    if (judge === undefined || questions === 0 || !isUnsure(weighed, claim, threshold)) return weighed
    questions -= 1
    return judged(weighed, claim, index, { threshold, judge, signal, only })
  }
  const assessed = await Promise.all(
    claims.map(async (claim, place): Promise<AssessedClaim> => {
      const weighed = await decide(weigh(place), claim)
      const { support, contradiction, mismatch } = weighed
      const citations = claim.citations.map(async (citation): Promise<AssessedCitation> => {
        const source = named(citation.id)
        if (source < 0) return { ...citation, state: 'missing' }
        const alone = await decide(weigh(place, source), claim, source)
        const bears = !claim.claims || (alone.support >= threshold && alone.contradiction <= 0.5)
        return { ...citation, state: bears ? 'good' : 'unsupportive' }
      })
      return {
        ...{ start: claim.start, end: claim.end, verdict: verdictOf(claim, weighed, threshold) },
        ...{ support, contradiction, mismatch, evidence: evidenceOf(weighed.sentence, sources) },
        citations: await Promise.all(citations),
      }
    }),
  )
  const stated = assessed.filter(({ verdict }) => verdict !== 'no_claim')
  const supported = stated.filter(({ verdict }) => verdict === 'supported').length
  return { claims: assessed, supportedShare: stated.length === 0 ? 1 : supported / stated.length }
}

/** The place of a source by its id, else by its number from 1; below 0 for none. */
function sourceNames(sources: readonly Source[]): (id: string) => number {
  const places = new Map<string, number>()
  for (const [place, { id }] of sources.entries()) if (!places.has(id)) places.set(id, place)
  const numbered = sources.some(({ id }) => /^\d{1,4}$/.test(id))
  return (id) => {
    const number = /^\d{1,4}$/.test(id) ? Number(id) : 0
    return places.get(id) ?? (numbered || number > sources.length ? -1 : number - 1)
  }
}

function verdictOf(claim: Claim, { support, contradiction }: Weighed, threshold: number): ClaimVerdict {
  if (!claim.claims) return 'no_claim'
  if (contradiction > 0.5) return 'contradicted'
  return support >= threshold ? 'supported' : 'unsupported'
}

function evidenceOf(sentence: SourceSentence | null, sources: readonly Source[]): SourceEvidence | null {
  const source = sentence === null ? undefined : sources[sentence.source]
  return sentence === null || source === undefined
    ? null
    : { source: source.id, start: sentence.start, end: sentence.end }
}

function isUnsure({ support, contradiction, sentence }: Weighed, claim: Claim, threshold: number): boolean {
  return claim.claims && sentence !== null && (contradiction > 0 || Math.abs(support - threshold) <= UNSURE)
}

interface Judging {
  readonly threshold: number
  readonly judge: CompletionEngine
  readonly signal: AbortSignal | undefined
  readonly only: number | undefined
}

/** What the judge makes of a claim on which words are unsure. */
async function judged(weighed: Weighed, claim: Claim, index: SourceIndex, judging: Judging): Promise<Weighed> {
  const { threshold, judge, signal, only } = judging
  const passages = index.best(claim.stems, PASSAGES, only).map(({ sentence }) => index.sentences[sentence]?.text ?? '')
  const answer = await askSupport(judge, claim.text, passages, signal)
  if (answer === 'supported')
    return { ...weighed, support: Math.max(weighed.support, threshold), contradiction: 0, mismatch: null }
  const support = Math.min(weighed.support, 0.9 * threshold)
  return { ...weighed, support, contradiction: answer === 'contradicted' ? Math.max(weighed.contradiction, 0.75) : 0 }
}
