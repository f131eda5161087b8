/** The form of Alpaca: `{"instruction", "input", "output"}`, or Dolly's `context` and `response`, with an optional `system` and `history`. */
import { type Form, stringField, withAnswer } from './form.ts'

export const alpaca: Form = {
  name: 'alpaca',
  fields: '"instruction" and "output", with an optional "input"',
  matches: (row) => 'instruction' in row && ('output' in row || 'response' in row),
  read: (row) => {
    const [instruction, input, context, system] = ['instruction', 'input', 'context', 'system'].map((name) =>
      stringField(row, name),
    )
    const output = stringField(row, 'output' in row ? 'output' : 'response')
    if (!isText(instruction) || !isText(input) || !isText(context) || !isText(system) || output === null)
      return 'A field of "instruction", "input", "context", "output" and "system" is no text.'
    const history = historyOf(row['history'])
    if (history === null) return 'The field "history" is no list of pairs of texts.'
    const asked = [instruction, input, context].filter((part) => part !== '').join('\n')
    return withAnswer({
      turns: [
        ...(system === '' ? [] : [{ role: 'system' as const, text: system }]),
        ...history.flatMap(([question, answer]) => [
          { role: 'user' as const, text: question },
          { role: 'assistant' as const, text: answer },
        ]),
        { role: 'user', text: asked },
        { role: 'assistant', text: output },
      ],
    })
  },
}

function historyOf(value: unknown): readonly (readonly [string, string])[] | null {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) return null
  const pairs: (readonly [string, string])[] = []
  for (const pair of value as readonly unknown[]) {
    if (!Array.isArray(pair) || pair.length !== 2) return null
    const [question, answer] = pair as readonly unknown[]
    if (typeof question !== 'string' || typeof answer !== 'string') return null
    pairs.push([question, answer])
  }
  return pairs
}

const isText = (value: unknown): value is string => typeof value === 'string'
