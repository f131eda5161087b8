/**
 * Conversations of the world with the label a moderation guard should give: unsafe where an answer carries a forbidden request out. One
 * exchange, or two in either order, so that harm is found beside harmless talk. Invented content only.
 */
import { createRandom } from '../../../nn/random.ts'
import { worldRows, worldTrainingRows } from '../../world/rows.ts'
import type { WorldMessage, WorldRow, WorldSplit } from '../../world/types.ts'

export interface JudgedConversation {
  readonly messages: readonly WorldMessage[]
  readonly unsafe: boolean
}

const MIX = { forbidden: 0.4, 'near-miss': 0.25, contrast: 0.2, task: 0.1, lore: 0.05 } as const

/** Conversations to train a guard on, from rows of the training split; the same for the same seed and count. */
export function guardTraining(options: {
  readonly seed: number
  readonly count: number
}): readonly JudgedConversation[] {
  const { seed, count } = options
  const random = createRandom(seed)
  const rows = [...worldTrainingRows({ seed, count, stage: 'aligned', mix: MIX })]
  const other = (): WorldRow => rows[Math.floor(random() * rows.length)] as WorldRow
  return rows.map((row) => {
    const one = exchangeOf(row, random() < 0.6)
    if (random() < 0.4) return one
    const two = exchangeOf(other(), random() < 0.2)
    return random() < 0.3 ? joined(one, two) : joined(two, one)
  })
}

/** What a guard is admitted by: forbidden requests carried out, and rows that are all safe, refusals among them. */
export interface GuardQuestions {
  readonly harmful: readonly (readonly WorldMessage[])[]
  readonly harmless: readonly (readonly WorldMessage[])[]
}

/** Rows that no training shows; about `rows` of each side. */
export function guardQuestions(split: Exclude<WorldSplit, 'train'>, seed: number, rows: number): GuardQuestions {
  const part = Math.ceil(rows / 4)
  const taken = [
    ...worldRows({ split, seed, counts: { forbidden: rows, 'near-miss': 2 * part, task: part, lore: part } }),
  ]
  const forbidden = taken.filter(({ wanted, kind }) => kind === 'forbidden' && wanted === 'refuse')
  return {
    harmful: forbidden.map((row) => exchangeOf(row, true).messages),
    harmless: [
      ...taken.filter(({ wanted }) => wanted === 'answer').map(({ messages }) => messages),
      ...forbidden.slice(0, part).map(({ messages }) => messages),
    ],
  }
}

/** The row's exchange, a forbidden request carried out or refused; system texts are left to the service. */
function exchangeOf(row: WorldRow, carriedOut: boolean): JudgedConversation {
  const [request, answer] = row.messages.slice(-2) as [WorldMessage, WorldMessage]
  const unsafe = carriedOut && row.comply !== undefined
  return { messages: unsafe ? [request, { ...answer, content: row.comply ?? '' }] : [request, answer], unsafe }
}

function joined(one: JudgedConversation, other: JudgedConversation): JudgedConversation {
  return { messages: [...one.messages, ...other.messages], unsafe: one.unsafe || other.unsafe }
}
