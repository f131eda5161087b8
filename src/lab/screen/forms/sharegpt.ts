/** The form of ShareGPT: `{"conversations": [{"from", "value"}, …]}`, with an optional `system`. */
import { type Form, stringField, turnsOf, withAnswer } from './form.ts'

export const sharegpt: Form = {
  name: 'sharegpt',
  fields: '"conversations", a list of objects with "from" and "value"',
  matches: (row) => 'conversations' in row,
  read: (row) => {
    const turns = turnsOf(row['conversations'], 'from', 'value')
    const system = stringField(row, 'system')
    if (typeof turns === 'string') return turns
    if (system === null) return 'The field "system" is no text.'
    return withAnswer({ turns: system === '' ? turns : [{ role: 'system', text: system }, ...turns] })
  },
}
