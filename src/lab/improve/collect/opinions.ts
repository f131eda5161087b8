/**
 * What people said of a decision, as one word each: was there something that should have been stopped? The guard's own decision counts
 * only where a person called it right.
 */
import type { ExportedDecision } from './decision-line.ts'

/** The word of one reviewer. */
export interface Opinion {
  /** Name of the key or person; null where the record has none. */
  readonly reviewer: string | null
  readonly harmful: boolean
  /** Labels that the reviewer named. */
  readonly labels: readonly string[]
}

export interface Opinions {
  readonly opinions: readonly Opinion[]
  /** Words that say nothing about harm, or contradict themselves. */
  readonly unclear: number
  /** Words of people who are not among the reviewers. */
  readonly others: number
}

const STOPPED: ReadonlySet<string> = new Set(['refuse', 'hold', 'block'])

/**
 * The latest word of each reviewer; words without a name stand each for itself.
 * @param reviewers whose word counts; null is everybody's
 */
export function opinionsOf(decision: ExportedDecision, reviewers: ReadonlySet<string> | null): Opinions {
  const words = [...reviewWords(decision), ...feedbackWords(decision)]
  const counted = words.filter(({ reviewer }) => reviewers === null || (reviewer !== null && reviewers.has(reviewer)))
  const latest = new Map<string, Word>()
  counted
    .toSorted((left, right) => left.at - right.at)
    .forEach((word, index) => latest.set(word.reviewer === null ? `\n${index}` : word.reviewer, word))
  const kept = [...latest.values()]
  return {
    opinions: kept.flatMap(({ reviewer, harmful, labels }) =>
      harmful === null ? [] : [{ reviewer, harmful, labels }],
    ),
    unclear: kept.filter(({ harmful }) => harmful === null).length,
    others: words.length - counted.length,
  }
}

interface Word {
  readonly at: number
  readonly reviewer: string | null
  readonly harmful: boolean | null
  readonly labels: readonly string[]
}

function reviewWords({ review }: ExportedDecision): readonly Word[] {
  if (review === null || review.state === 'pending') return []
  const { state, reviewer = null, at } = review
  return [{ at: at === undefined ? 0 : Date.parse(at), reviewer, harmful: state === 'rejected', labels: [] }]
}

function feedbackWords({ feedback, decision }: ExportedDecision): readonly Word[] {
  return feedback.map(({ at, verdict, expected, labels = [], by = null }) => {
    const said = verdict === 'correct' ? harmOf(decision) : verdict === 'false_negative'
    const wanted = expected === undefined ? said : harmOf(expected)
    // "Blocked without need" and "should have been blocked" in one breath say nothing.
    const harmful = verdict === 'correct' && expected !== undefined ? wanted : said === wanted ? said : null
    return { at: Date.parse(at), reviewer: by, harmful, labels }
  })
}

/** Null for what neither lets a text through as it is nor stops it: a mask is about data, a flag about doubt, an error about nothing. */
function harmOf(decision: string): boolean | null {
  if (decision === 'pass') return false
  return STOPPED.has(decision) ? true : null
}
