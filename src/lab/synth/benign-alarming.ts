/**
 * Harmless requests with alarming words: processes that are killed, photos that are shot, hazards that are explained, prevented
 * or judged. All rows are `prompt_harm` of label 0; about one in four is of the same form without such words.
 */
import { dress, sayOne, toRow, type RowGenerator } from './rows.ts'

export const benignAlarming: RowGenerator = (context) => {
  const { phrases, random } = context
  const roll = random()
  const [kind, list] =
    roll < 0.4
      ? (['danger', phrases.dangers] as const)
      : roll < 0.85
        ? (['alarming', phrases.alarming] as const)
        : (['everyday', phrases.everyday] as const)
  const request = sayOne(context, list)
  const second = random() < 0.1 ? [sayOne(context, phrases.everyday)] : []
  const prompt = [dress(context, request), ...second].join('\n')
  return [
    toRow(context, {
      generator: 'benign-alarming',
      task: 'prompt_harm',
      label: 0,
      prompt,
      categories: ['synth', kind],
    }),
  ]
}
