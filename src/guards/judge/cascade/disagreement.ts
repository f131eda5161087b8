/**
 * Where a classifier and the judge behind it disagree: the texts worth learning from. It holds them as they were judged; whether they may
 * be kept is decided by whoever receives it.
 */
import type { Caller, GuardReport, GuardRequest, Stage } from '../../../spec/index.ts'

/** What a judge and a classifier both answer; the classifier's head of that name scores it. */
export type HarmLabel = 'prompt_harm' | 'response_harm'

export interface CascadeOpinion {
  /** 0…1: the classifier's as it gave it, the judge's as it is reported. */
  readonly score: number
  readonly harmful: boolean
}

export interface CascadeDisagreement {
  /** Id of the guard. */
  readonly guard: string
  readonly stage: Stage
  readonly label: HarmLabel
  /** The judge was asked because the score lay inside the band; otherwise the text was drawn as a sample. */
  readonly inside: boolean
  readonly classifier: CascadeOpinion
  readonly judge: CascadeOpinion
  readonly texts: { readonly prompt: string; readonly response: string | null; readonly system: string | null }
  readonly caller: Caller
}

/** The label of harm that belongs to a stage. */
export function harmLabelAt(stage: Stage): HarmLabel {
  return stage === 'output' || stage === 'tool_call' ? 'response_harm' : 'prompt_harm'
}

/** The judge's opinion in its report; null where it gave none, as of an empty text. */
export function judgeOpinion({ findings }: GuardReport, label: HarmLabel): CascadeOpinion | null {
  const scores = findings.flatMap((finding) => (finding.label === label ? [finding.score] : []))
  if (scores.length === 0) return null
  const score = scores.reduce((most, one) => Math.max(most, one))
  return { score, harmful: score > 0.5 }
}

/** The texts of a request, in the fields of a training record. */
export function judgedTexts({ stage, text, prompt = '', system }: GuardRequest): CascadeDisagreement['texts'] {
  const answered = harmLabelAt(stage) === 'response_harm'
  return {
    prompt: answered ? prompt : text.original,
    response: answered ? text.original : null,
    system: system ?? null,
  }
}
