/** One passage of a text with its scores, as it goes through the tiers. */
import type { ClassifierEngine, ClassifierScores, Finding } from '../../spec/index.ts'
import type { PassageContext, PassageJudgement } from './judge-text.ts'
import { judgeScores, scorePassage } from './judge-text.ts'

export interface Passage {
  /** Normalised. */
  readonly text: string
  /** Where it stands in the original; null where the whole text is meant. */
  readonly span: NonNullable<Finding['span']> | null
  readonly scores: ClassifierScores
  readonly judgement: PassageJudgement
}

/** A passage as the fast tier scores it. */
export function fastPassage(
  engine: ClassifierEngine,
  text: string,
  span: Passage['span'],
  context: PassageContext,
): Passage {
  return scoredPassage(text, span, scorePassage(engine, text, context), context)
}

/** A passage whose scores are known. */
export function scoredPassage(
  text: string,
  span: Passage['span'],
  scores: ClassifierScores,
  context: PassageContext,
): Passage {
  return { text, span, scores, judgement: judgeScores(scores, context) }
}
