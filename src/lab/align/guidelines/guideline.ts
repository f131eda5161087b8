/**
 * A guideline of a conversation bot in one form, whatever file it came from: who the bot is, the steps to take in order, and the
 * rules that always hold. What can be checked by itself is marked: actions of steps, and the flow they make.
 */
import type { Message } from '../../../spec/index.ts'

export interface GuidelineStep {
  /** Unique in its guideline. */
  readonly id: string
  readonly text: string
  /** The action the bot takes at this step, by the name the data uses; absent for a step that is only said. */
  readonly action?: string
}

/** The actions of a guideline, to check turns against. */
export interface Flow {
  readonly actions: readonly string[]
  /** Whether they must come in this order; if not, each comes once in any order. */
  readonly ordered: boolean
}

export interface Guideline {
  /** Unique among the guidelines of a source. */
  readonly id: string
  readonly title: string
  readonly persona?: string
  /** In the order of the source. */
  readonly steps: readonly GuidelineStep[]
  readonly rules: readonly string[]
  /** Only where the source tells actions from text. */
  readonly flow?: Flow
  /** Name of the data set or file. */
  readonly source: string
}

/** The guideline as the system text of a bot. */
export function guidelineText({ title, persona, steps, rules }: Guideline): string {
  const numbered = steps.map(
    ({ text, action }, index) => `${index + 1}. ${text}${action === undefined ? '' : ` [action: ${action}]`}`,
  )
  const parts = [
    `# ${title}`,
    ...(persona === undefined ? [] : [persona]),
    ...(numbered.length === 0 ? [] : [`Steps:\n${numbered.join('\n')}`]),
    ...(rules.length === 0 ? [] : [`Rules:\n${rules.map((rule) => `- ${rule}`).join('\n')}`]),
  ]
  return parts.join('\n\n')
}

export function systemMessage(guideline: Guideline): Message {
  return { role: 'system', content: guidelineText(guideline) }
}
