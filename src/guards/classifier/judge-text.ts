/**
 * One passage put to the classifier: which heads belong to which stage, and what they say. Windows are the caller's matter.
 */
import type {
  ClassifierEngine,
  ClassifierHead,
  ClassifierScores,
  PromptReading,
  Scores,
  Stage,
  StreamRequest,
} from '../../spec/index.ts'

/** A public score and the head it came from. */
export interface HeadScore {
  readonly label: keyof Scores
  readonly head: ClassifierHead
  readonly score: number
}

export interface PassageJudgement {
  readonly heads: readonly HeadScore[]
  readonly categories: Readonly<Record<string, number>>
}

/** What a request says about a passage beside its text, and how an answer is scored. */
export interface PassageContext extends Pick<StreamRequest, 'stage' | 'prompt' | 'system' | 'origin'> {
  /** Scores an answer to the prompt; by default the engine is asked with both. */
  readonly answer?: PromptReading['answer']
}

/** Scores of one passage. */
export function judgePassage(engine: ClassifierEngine, text: string, context: PassageContext): PassageJudgement {
  if (context.stage === 'output') return judgeAnswer(engine, text, context)
  const { system } = context
  return judgePrompt(engine.classify(system === undefined ? { prompt: text } : { prompt: text, system }), context)
}

/** What the scores of a text that is no answer come to. */
export function judgePrompt(scores: ClassifierScores, context: PassageContext): PassageJudgement {
  const heads = [
    head('prompt_harm', 'prompt_harm', scores.prompt_harm),
    injection(scores.injection_direct, scores.injection_indirect, context),
    head('toxicity', 'toxicity_prompt', scores.toxicity_prompt),
  ]
  return { heads: heads.flatMap((one) => one ?? []), categories: scores.categories }
}

function judgeAnswer(engine: ClassifierEngine, response: string, { prompt, answer }: PassageContext): PassageJudgement {
  const scores = answer?.(response) ?? engine.classify(prompt === undefined ? { response } : { response, prompt })
  const heads = [
    head('response_harm', 'response_harm', scores.response_harm),
    head('refusal', 'refusal', scores.refusal),
    head('toxicity', 'toxicity_response', scores.toxicity_response),
  ]
  return { heads: heads.flatMap((one) => one ?? []), categories: scores.categories }
}

function head(label: keyof Scores, name: ClassifierHead, score: number | null): HeadScore | null {
  return score === null ? null : { label, head: name, score }
}

/** A user's text is judged as a direct attack, a document as an indirect one too; a text of unknown origin beside a task as both. */
function injection(
  direct: number | null,
  indirect: number | null,
  { stage, origin, system }: PassageContext,
): HeadScore | null {
  const document = isDocument(stage) || (origin === 'unknown' && system !== undefined)
  if (document && indirect !== null && indirect > (direct ?? 0))
    return { label: 'injection', head: 'injection_indirect', score: indirect }
  return head('injection', 'injection_direct', direct)
}

function isDocument(stage: Stage): boolean {
  return stage === 'retrieval' || stage === 'tool_result'
}
