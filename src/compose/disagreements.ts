/**
 * What becomes of disagreements between a classifier and the judge behind it: an event without texts for every observer, and the texts for
 * the program that asked for them, as far as the policy lets texts be kept.
 */
import type { CascadeDisagreement } from '../guards/judge/index.ts'
import type { Caller, ParapetEvent, RecordPolicy } from '../spec/index.ts'
import type { Redact } from '../store/index.ts'

/** With texts where the caller's policy captures them: as they were, or redacted. Null where it keeps none. */
export type Disagreement = Omit<CascadeDisagreement, 'texts'> & { readonly texts: CascadeDisagreement['texts'] | null }

export interface DisagreementSettings {
  readonly tell: (event: ParapetEvent) => void
  readonly capture: (caller: Caller) => NonNullable<RecordPolicy['capture']>
  readonly redact: Redact
  readonly onDisagreement: ((disagreement: Disagreement) => void) | undefined
  /** Told of an `onDisagreement` or a redaction that failed. */
  readonly onDefect: ((error: unknown) => void) | undefined
}

export function createDisagreements(settings: DisagreementSettings): (disagreement: CascadeDisagreement) => void {
  const { tell, capture, redact, onDisagreement, onDefect } = settings
  return (disagreement) => {
    const { guard, label, inside, classifier, judge, texts, caller } = disagreement
    tell({ type: 'judge-disagreed', ...{ guard, label, inside, classifier, judge } })
    if (onDisagreement === undefined) return
    const hand = async (): Promise<void> => {
      const kept = await keptTexts(texts, capture(caller), redact)
      // Also where it answers with a promise, whose failure would end the process unheard.
      return onDisagreement({ ...disagreement, texts: kept })
    }
    hand().catch((error: unknown) => onDefect?.(error))
  }
}

async function keptTexts(
  texts: CascadeDisagreement['texts'],
  capture: NonNullable<RecordPolicy['capture']>,
  redact: Redact,
): Promise<CascadeDisagreement['texts'] | null> {
  if (capture === 'none') return null
  if (capture === 'full') return texts
  const { prompt, response, system } = texts
  const clean = async (text: string | null): Promise<string | null> =>
    text === null ? null : redact(text, text.length)
  return {
    prompt: await redact(prompt, prompt.length),
    ...{ response: await clean(response), system: await clean(system) },
  }
}
