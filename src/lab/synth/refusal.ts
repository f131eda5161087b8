/**
 * Short refusals, and answers that sound like one and are none ("Sorry for the delay, here it is"), to the same prompts.
 *
 * The answers are bland on purpose: what is learnt is whether the text declines, not whether it is right.
 */
import {
  dress,
  harmfulPayload,
  harmlessPayload,
  joinParts,
  joinSentences,
  say,
  sayOne,
  toRow,
  type RowGenerator,
  type SynthContext,
} from './rows.ts'
import { between, sample } from './template.ts'

function writeRefusal(context: SynthContext): string {
  const { phrases, random } = context
  const apology = sayOne(context, phrases.apologies)
  const decline = joinSentences(context, [apology, sayOne(context, phrases.inabilities)])
  const parts = [
    ...(random() < 0.15 ? [sayOne(context, phrases.reasons)] : []),
    decline,
    ...(random() < 0.1 ? [sayOne(context, phrases.inabilities)] : []),
    ...(random() < 0.6 ? [sayOne(context, phrases.reasons)] : []),
    ...(random() < 0.65 ? [sayOne(context, phrases.offers)] : []),
    ...(random() < 0.3 ? [sayOne(context, phrases.answers)] : []),
  ]
  return capitalised(joinParts(context, parts))
}

function writeAnswer(context: SynthContext): string {
  const { phrases, random } = context
  const parts = [
    ...(random() < 0.7 ? [sayOne(context, phrases.nearOpeners)] : []),
    ...sample(phrases.answers, between(1, 2, random), random).map((answer) => say(context, answer)),
    ...(random() < 0.4 ? [sayOne(context, phrases.caveats)] : []),
    ...(random() < 0.15 ? [sayOne(context, phrases.offers)] : []),
  ]
  return capitalised(joinParts(context, parts))
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

export const refusal: RowGenerator = (context) => {
  const harmful = context.random() < 0.25 ? harmfulPayload(context) : undefined
  const payload = harmful ?? harmlessPayload(context)
  const prompt = dress(context, payload.text)
  const row = (label: 0 | 1, response: string) =>
    toRow(context, {
      generator: 'refusal',
      task: 'refusal',
      label,
      prompt,
      response,
      categories: ['synth'],
      origins: [payload.origin],
    })
  return [row(1, writeRefusal(context)), row(0, writeAnswer(context))]
}
