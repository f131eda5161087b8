/** Pairs of answers, `{"prompt", "chosen", "rejected"}`: training moves towards the chosen one, so that is what is screened. */
import { asTurns } from './completion.ts'
import { type Form, withAnswer } from './form.ts'

export const preference: Form = {
  name: 'preference',
  fields: '"chosen" and "rejected", with or without "prompt"',
  matches: (row) => 'chosen' in row && 'rejected' in row,
  read: (row) => {
    const prompt = 'prompt' in row ? asTurns(row['prompt'], 'user') : []
    const chosen = asTurns(row['chosen'], 'assistant')
    const rejected = asTurns(row['rejected'], 'assistant')
    if (prompt === null || chosen === null || rejected === null)
      return 'The fields "prompt", "chosen" and "rejected" are neither text nor messages.'
    const last = rejected.filter(({ role }) => role === 'assistant').at(-1)
    return withAnswer({ turns: [...prompt, ...chosen], rejected: last?.text ?? '' })
  },
}
