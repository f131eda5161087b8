/**
 * Says what came in, for those who listen: a burst is one sentence, and sentences are seconds apart. Nothing is said while nobody
 * looks at the page. What is shown is not decided here.
 */
import { DECISIONS, toDecision, wordOf } from '../../ui/vocabulary.ts'

export interface ArrivalsParts {
  readonly say: (text: string) => void
  /** Whether the page is looked at. */
  readonly visible: () => boolean
  readonly later: (work: () => void, ms: number) => void
}

/** Milliseconds after the first decision: a burst is over by then. */
const BURST = 1000
/** Milliseconds between two sentences. */
const QUIET = 8000

/** Takes the decisions that came in. */
export function createArrivals({ say, visible, later }: ArrivalsParts): (decisions: readonly string[]) => void {
  let unsaid: string[] = []
  let waiting = false
  const wait = (ms: number): void => {
    waiting = true
    later(speak, ms)
  }
  const speak = (): void => {
    waiting = false
    if (unsaid.length === 0) return
    if (visible()) say(sentence(unsaid))
    unsaid = []
    wait(QUIET)
  }
  return (decisions) => {
    unsaid = unsaid.concat(decisions)
    if (unsaid.length > 0 && !waiting) wait(BURST)
  }
}

/** `3 new decisions: 2 passed, 1 blocked.` */
function sentence(decisions: readonly string[]): string {
  const counts = DECISIONS.flatMap((decision) => {
    const count = decisions.filter((item) => toDecision(item) === decision).length
    return count === 0 ? [] : [`${count} ${wordOf(decision).toLowerCase()}`]
  })
  return `${decisions.length} new ${decisions.length === 1 ? 'decision' : 'decisions'}: ${counts.join(', ')}.`
}
