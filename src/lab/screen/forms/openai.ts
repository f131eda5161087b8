/** The form of the OpenAI fine-tuning API: `{"messages": [{"role", "content"}, …]}`, text parts and tool calls among them. */
import { type Form, turnsOf, withAnswer } from './form.ts'

export const openai: Form = {
  name: 'openai',
  fields: '"messages", a list of objects with "role" and "content"',
  matches: (row) => 'messages' in row,
  read: (row) => {
    const turns = turnsOf(row['messages'], 'role', 'content')
    return typeof turns === 'string' ? turns : withAnswer({ turns })
  },
}
