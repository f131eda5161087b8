/**
 * Which messages were let through and still say what they said then. They are known by identity, for as long as somebody holds them;
 * a copy is another message, to be judged again.
 */
import { isFields } from '../conversation/index.ts'
import { fieldsOf } from './messages.ts'
import { isId } from './refusal.ts'

export class PassedMessages {
  readonly #said = new WeakMap<object, Said>()

  add(message: unknown): void {
    const said = saidBy(message)
    if (said !== null && isFields(message)) this.#said.set(message, said)
  }

  has(message: unknown): boolean {
    const then = isFields(message) ? this.#said.get(message) : undefined
    const now = then === undefined ? null : saidBy(message)
    if (then === undefined || now === null || now.text !== then.text) return false
    // LangChain names messages after the agent, and numbers them.
    return now.names.every((name, index) => name === then.names[index] || name === undefined || isId(name))
  }
}

/** What a message says, its names apart. */
interface Said {
  readonly text: string
  readonly names: readonly unknown[]
}

/** Null for what nobody can read. */
function saidBy(message: unknown): Said | null {
  const { name, id, ...fields } = fieldsOf(message)
  try {
    return { text: JSON.stringify(fields), names: [name, id] }
  } catch {
    return null
  }
}
