/**
 * The second look: passages of which the fast tier is unsure are put to the deep tier, one after the other.
 *
 * Which scores are unsure is the engine's matter. Whole texts are always looked at, windows only as far as `MOST_WINDOWS` goes.
 */
import type { ClassifierEngine, ClassifierScores, GuardRequest } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import type { PassageContext } from './judge-text.ts'
import { countedScores, inputOf } from './judge-text.ts'
import type { Passage } from './passage.ts'
import { scoredPassage } from './passage.ts'

/** Windows looked at twice, those with the highest scores: a long text costs a bounded time. */
const MOST_WINDOWS = 8

type Refine = NonNullable<ClassifierEngine['refine']>

/**
 * The passages with refined scores where the deep tier was asked; null, at once, where it is not asked about any. Throws `aborted` when
 * the asker leaves.
 */
export function refinePassages(
  engine: ClassifierEngine,
  passages: readonly Passage[],
  context: PassageContext,
  request: Pick<GuardRequest, 'signal'>,
): Promise<readonly Passage[]> | null {
  const { refine } = engine
  if (refine === undefined) return null
  const ask: Refine = (input, scores) => refine.call(engine, input, scores)
  const order = inOrder(passages)
  const first = nextUnsure(ask, passages, order, 0, context)
  return first === null ? null : refineFrom(first, ask, passages, order, context, request)
}

/** A passage the deep tier is at work on, and its place in the order. */
interface Asked {
  readonly at: number
  readonly passage: number
  readonly scores: Promise<ClassifierScores>
}

async function refineFrom(
  first: Asked,
  ask: Refine,
  passages: readonly Passage[],
  order: readonly number[],
  context: PassageContext,
  request: Pick<GuardRequest, 'signal'>,
): Promise<readonly Passage[]> {
  const refined = [...passages]
  let windows = 0
  for (let next: Asked | null = first; next !== null; next = nextUnsure(ask, passages, order, next.at + 1, context)) {
    const passage = passages[next.passage]
    if (passage === undefined) break
    refined[next.passage] = scoredPassage(passage.text, passage.span, await next.scores, context)
    if (passage.span !== null && (windows += 1) >= MOST_WINDOWS) break
    if (request.signal.aborted)
      throw new ParapetError('aborted', 'The text was no longer wanted before the deep tier had judged it.')
  }
  return refined
}

/** Asks about passages from a place in the order on, until one is not sure. */
function nextUnsure(
  ask: Refine,
  passages: readonly Passage[],
  order: readonly number[],
  from: number,
  context: PassageContext,
): Asked | null {
  for (let at = from; at < order.length; at++) {
    const place = order[at] ?? 0
    const passage = passages[place]
    if (passage === undefined) continue
    const scores = ask(inputOf(passage.text, context), countedScores(passage.scores, context))
    if (scores !== null) return { at, passage: place, scores }
  }
  return null
}

/** Places of the whole text first, then of windows by their highest score. */
function inOrder(passages: readonly Passage[]): readonly number[] {
  const worst = passages.map(({ span, judgement }) => {
    if (span === null) return Infinity
    return Math.max(0, ...judgement.heads.map(({ label, score }) => (label === 'refusal' ? 0 : score)))
  })
  return passages.map((_, index) => index).toSorted((left, right) => (worst[right] ?? 0) - (worst[left] ?? 0))
}
