/**
 * One passage put to the classifier: which heads belong to which stage, and what they say. Windows are the caller's matter.
 */
import type {
  ClassifierEngine,
  ClassifierHead,
  ClassifierInput,
  ClassifierScores,
  PromptReading,
  Scores,
  StreamRequest,
} from '../../spec/index.ts'

/** A public score and the head it came from. */
export interface HeadScore {
  readonly label: keyof Scores
  readonly head: ClassifierHead
  readonly score: number
  /** The deep tier gave it. */
  readonly deep: boolean
}

export interface PassageJudgement {
  readonly heads: readonly HeadScore[]
  readonly categories: Readonly<Record<string, number>>
  /** Hazards that the deep tier scored. */
  readonly deep: readonly string[]
}

/** What a request says about a passage beside its text, and how an answer is scored. */
export interface PassageContext extends Pick<StreamRequest, 'stage' | 'prompt' | 'system' | 'origin'> {
  /** Scores an answer to the prompt; by default the engine is asked with both. */
  readonly answer?: PromptReading['answer']
}

/** What the engine is asked about a passage. */
export function inputOf(text: string, { stage, prompt, system }: PassageContext): ClassifierInput {
  if (stage === 'output') return prompt === undefined ? { response: text } : { response: text, prompt }
  return system === undefined ? { prompt: text } : { prompt: text, system }
}

/** Scores of one passage. */
export function scorePassage(engine: ClassifierEngine, text: string, context: PassageContext): ClassifierScores {
  const { stage, answer } = context
  return (stage === 'output' ? answer?.(text) : undefined) ?? engine.classify(inputOf(text, context))
}

/** Those of the scores that count at this stage; the others are null. */
export function countedScores(scores: ClassifierScores, context: PassageContext): ClassifierScores {
  if (context.stage === 'output')
    return { ...scores, prompt_harm: null, injection_direct: null, injection_indirect: null, toxicity_prompt: null }
  const answer = { response_harm: null, refusal: null, toxicity_response: null }
  return isDocument(context) ? { ...scores, ...answer } : { ...scores, ...answer, injection_indirect: null }
}

/** What the scores of a passage come to. */
export function judgeScores(scores: ClassifierScores, context: PassageContext): PassageJudgement {
  const heads =
    context.stage === 'output'
      ? [
          head('response_harm', 'response_harm', scores),
          head('refusal', 'refusal', scores),
          head('toxicity', 'toxicity_response', scores),
        ]
      : [
          head('prompt_harm', 'prompt_harm', scores),
          injection(scores, context),
          head('toxicity', 'toxicity_prompt', scores),
        ]
  return { heads: heads.flatMap((one) => one ?? []), categories: scores.categories, deep: scores.deep ?? [] }
}

function head(label: keyof Scores, name: ClassifierHead, scores: ClassifierScores): HeadScore | null {
  const score = scores[name]
  return score === null ? null : { label, head: name, score, deep: scores.deep?.includes(name) ?? false }
}

/**
 * A user's text is judged as a direct attack, a document as an indirect one, and as a direct one too where the engine has a score for
 * that.
 */
function injection(scores: ClassifierScores, context: PassageContext): HeadScore | null {
  const { injection_direct: direct, injection_indirect: indirect } = scores
  const asDocument = isDocument(context) && indirect !== null && (direct === null || indirect > direct)
  return head('injection', asDocument ? 'injection_indirect' : 'injection_direct', scores)
}

/** Whether a text is judged for instructions to the model that reads it. */
export function isDocument({
  stage,
  origin,
  system,
}: {
  readonly [field in 'stage' | 'origin' | 'system']?: PassageContext[field] | undefined
}): boolean {
  return stage === 'retrieval' || stage === 'tool_result' || (origin === 'unknown' && system !== undefined)
}
