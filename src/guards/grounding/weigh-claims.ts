/** How far the sentences of sources bear claims out, and whether one says otherwise. Words, vectors and atoms only; verdicts are made elsewhere. */
import { ParapetError } from '../../spec/index.ts'
import type { Claim } from './claims.ts'
import type { TextEmbedder } from './embedding.ts'
import { cosine } from './embedding.ts'
import type { Mismatch } from './mismatch.ts'
import { hasUnknownName, mismatchOf } from './mismatch.ts'
import type { SourceIndex, SourceSentence } from './source-index.ts'

const CANDIDATES = 6
/** Part of support that is containment; the rest is the likeness of vectors. */
const LEXICAL = 0.75
/** Cosines of unrelated sentences and of paraphrases, where an embedder does not say. */
const ALIKE = [0.3, 0.85] as const
/** A second sentence of the same source adds what it holds beyond the first, at this rate. */
const SECOND = 0.85
/** Support keeps this share where a number or date of the claim stands nowhere near. */
const INEXACT = 0.35
/** Where its numbers and dates all stand there, so much of what support lacks is made up. */
const EXACT = 0.25
/** Claims below it in overlap are about something else: nothing contradicts them. */
const ABOUT = 0.4

export interface Weighed {
  /** 0…1; 1 where nothing is claimed. */
  readonly support: number
  readonly contradiction: number
  readonly mismatch: Mismatch | null
  /** The best matching one. */
  readonly sentence: SourceSentence | null
}

/** Weighs claims by their place; `only` restricts the sentences to those of one source. */
export async function weighClaims(
  claims: readonly Claim[],
  index: SourceIndex,
  embedder: TextEmbedder,
  signal: AbortSignal | undefined,
): Promise<(place: number, only?: number) => Weighed> {
  const candidates = claims.map(({ stems, claims: states }) => (states ? index.best(stems, CANDIDATES) : []))
  const needed = [...new Set(candidates.flatMap((matches) => matches.map(({ sentence }) => sentence)))]
  const texts = [...claims.map(({ text }) => text), ...needed.map((place) => index.sentences[place]?.text ?? '')]
  const vectors = await embedder.embed(texts, signal)
  if (vectors.length !== texts.length)
    throw new ParapetError('guard_failed', `The embedder gave ${vectors.length} vectors for ${texts.length} texts.`)
  const vectorOf = new Map(needed.map((place, at) => [place, vectors[claims.length + at]]))
  return (place, only) => {
    const claim = claims[place]
    if (claim === undefined || !claim.claims) return { support: 1, contradiction: 0, mismatch: null, sentence: null }
    const matches = only === undefined ? (candidates[place] ?? []) : index.best(claim.stems, CANDIDATES, only)
    const own = vectors[place]
    const weighed = matches.map(({ sentence, containment }) => {
      const other = vectorOf.get(sentence)
      const likeness =
        own === undefined || other === undefined ? containment : between(cosine(own, other), embedder.alike ?? ALIKE)
      return weighMatch(claim, index, sentence, containment, likeness)
    })
    const best = weighed.reduce<Weighed | null>(
      (one, other) => (one === null || better(other, one) ? other : one),
      null,
    )
    return best ?? { support: 0, contradiction: 0, mismatch: null, sentence: null }
  }
}

/** Support decides; where nothing supports, the clearer contradiction. */
function better(one: Weighed, other: Weighed): boolean {
  if (Math.max(one.support, other.support) >= 0.5) return one.support > other.support
  return Math.max(one.support, one.contradiction) > Math.max(other.support, other.contradiction)
}

function weighMatch(claim: Claim, index: SourceIndex, place: number, containment: number, likeness: number): Weighed {
  const sentence = index.sentences[place] as SourceSentence
  const neighbours = [index.sentences[place - 1], index.sentences[place + 1]].filter(
    (other) => other !== undefined && other.source === sentence.source,
  ) as readonly SourceSentence[]
  const covered = containment + SECOND * gain(claim, index, sentence, neighbours)
  const overlap = Math.min(1, LEXICAL * covered + (1 - LEXICAL) * likeness)
  const { mismatch, exact } = mismatchOf(claim, sentence, neighbours)
  if (mismatch !== null && overlap >= ABOUT) {
    const contradiction = 0.51 + (0.49 * (overlap - ABOUT)) / (1 - ABOUT)
    return { support: overlap * INEXACT, contradiction, mismatch, sentence }
  }
  if (!exact || hasUnknownName(claim.text, index))
    return { support: overlap * INEXACT, contradiction: mismatch === null ? 0 : overlap / 2, mismatch, sentence }
  const told = claim.atoms.numbers.length + claim.atoms.dates.length > 0
  const support = told && mismatch === null ? overlap + EXACT * (1 - overlap) : overlap
  return { support, contradiction: mismatch === null ? 0 : overlap / 2, mismatch, sentence }
}

/** Share of the claim's words that the better neighbour adds. */
function gain(
  claim: Claim,
  index: SourceIndex,
  sentence: SourceSentence,
  neighbours: readonly SourceSentence[],
): number {
  let all = 0
  const added = neighbours.map(() => 0)
  for (const stem of claim.stems) {
    const weight = index.weight(stem)
    all += weight
    if (sentence.stems.has(stem)) continue
    for (const [at, { stems }] of neighbours.entries()) if (stems.has(stem)) added[at] = (added[at] ?? 0) + weight
  }
  return all === 0 ? 0 : Math.max(0, ...added) / all
}

function between(likeness: number, [none, full]: readonly [number, number]): number {
  return Math.min(1, Math.max(0, (likeness - none) / (full - none)))
}
