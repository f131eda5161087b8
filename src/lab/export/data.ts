/**
 * The rows of an export, of one kind each, as plain text: what both trainers can hold. Tool calls, media and weights other than 1 are
 * refused, because neither trainer has a place for them and they would be lost in silence; rows of weight 0 are left out.
 */
import { ParapetError } from '../../spec/errors.ts'
import type { Message } from '../../spec/index.ts'
import { createRandom } from '../../nn/random.ts'
import { type LabelledTurn, type PreferencePair, shuffled, turnsOfPairs } from '../align/pairs.ts'
import type { PreferenceKind } from '../align/preference-loss.ts'
import type { ChatMessage, Conversation } from '../train/decoder/conversation.ts'

export interface TextPair {
  readonly prompt: readonly ChatMessage[]
  readonly chosen: string
  readonly rejected: string
}

export interface TextTurn {
  readonly prompt: readonly ChatMessage[]
  readonly response: string
  readonly desirable: boolean
}

/** What is given. */
export type ExportSource =
  | { readonly kind: 'conversations'; readonly rows: readonly Conversation[] }
  | { readonly kind: 'pairs'; readonly rows: readonly PreferencePair[] }
  | { readonly kind: 'turns'; readonly rows: readonly LabelledTurn[] }

/** What is written. */
export type ExportData =
  | { readonly kind: 'conversations'; readonly rows: readonly (readonly ChatMessage[])[] }
  | { readonly kind: 'pairs'; readonly rows: readonly TextPair[] }
  | { readonly kind: 'turns'; readonly rows: readonly TextTurn[] }

/**
 * The rows in the form that the method learns from: SFT from conversations, the chosen of pairs and the desirable of turns; KTO from
 * turns and both sides of pairs, in an order drawn by the seed, because both trainers estimate its reference point from neighbours;
 * the others from pairs. Throws `configuration` where the source has no such rows, and `input_invalid`, with the rows, where one
 * cannot be written.
 */
export function exportData(source: ExportSource, method: PreferenceKind, seed: number): ExportData {
  const data =
    method === 'sft' ? goodConversations(source) : method === 'kto' ? turns(source, seed) : pairs(source, method)
  if (data.rows.length === 0) throw new ParapetError('input_invalid', `There is no row to export for ${method}.`)
  const { rows } = data
  if (data.kind === 'turns' && new Set(data.rows.map(({ desirable }) => desirable)).size < 2)
    throw new ParapetError(
      'input_invalid',
      `All ${rows.length} turns have the same label. KTO needs good and bad ones.`,
    )
  return data
}

function goodConversations(source: ExportSource): ExportData {
  switch (source.kind) {
    case 'conversations':
      return { kind: 'conversations', rows: collect(source.rows, ({ messages }) => texts(messages)) }
    case 'pairs':
      return { kind: 'conversations', rows: collect(source.rows, (pair) => answered(pair.prompt, pair.chosen)) }
    case 'turns': {
      const good = source.rows.filter(({ desirable }) => desirable)
      return { kind: 'conversations', rows: collect(good, (turn) => answered(turn.prompt, turn.response)) }
    }
  }
}

function turns(source: ExportSource, seed: number): ExportData {
  if (source.kind === 'conversations')
    throw new ParapetError('configuration', 'KTO learns from labelled turns or pairs; conversations have no labels.')
  const rows = source.kind === 'turns' ? source.rows : turnsOfPairs(source.rows)
  return {
    kind: 'turns',
    rows: shuffled(
      collect(rows, ({ prompt, response, desirable }) => ({ prompt: texts(prompt), response, desirable })),
      createRandom(seed),
    ),
  }
}

function pairs(source: ExportSource, method: PreferenceKind): ExportData {
  if (source.kind !== 'pairs')
    throw new ParapetError('configuration', `${method} learns from preference pairs; ${source.kind} are none.`)
  return {
    kind: 'pairs',
    rows: collect(source.rows, ({ prompt, chosen, rejected }) => ({ prompt: texts(prompt), chosen, rejected })),
  }
}

function answered(prompt: readonly Message[], answer: string): readonly ChatMessage[] {
  return [...texts(prompt), { role: 'assistant', content: answer }]
}

/** Rows of a message that names what is wrong; more are counted. */
const SHOWN = 5

function collect<Row extends { readonly weight?: number }, Out>(
  rows: readonly Row[],
  convert: (row: Row) => Out,
): readonly Out[] {
  const faults: string[] = []
  const out = rows.flatMap((row, at): readonly Out[] => {
    if (row.weight === 0) return []
    try {
      if (row.weight !== undefined && row.weight !== 1)
        throw new ParapetError('input_invalid', `it weighs ${row.weight}, and the trainer takes no weights`)
      return [convert(row)]
    } catch (error) {
      if (!ParapetError.isInstance(error)) throw error
      faults.push(`Row ${at + 1}: ${error.message}.`)
      return []
    }
  })
  throwFaults(faults)
  return out
}

/** Throws `input_invalid` with the first faults, if there are any. */
export function throwFaults(faults: readonly string[]): void {
  if (faults.length === 0) return
  const more = faults.length > SHOWN ? ` And ${faults.length - SHOWN} more.` : ''
  throw new ParapetError(
    'input_invalid',
    `${faults.slice(0, SHOWN).join(' ')}${more} Correct or remove these rows; nothing was written.`,
  )
}

function texts(messages: readonly Message[]): readonly ChatMessage[] {
  return messages.map(({ role, content, toolCalls }, at) => {
    const wrong = (why: string): never => {
      throw new ParapetError('input_invalid', `message ${at + 1} ${why}`)
    }
    if (role === 'tool' || (toolCalls !== undefined && toolCalls.length > 0)) wrong('has to do with tools')
    if ((role === 'system' || role === 'developer') && at > 0) wrong('is a system message after the first')
    const text =
      typeof content === 'string'
        ? content
        : content.map((part) => (part.type === 'text' ? part.text : wrong('holds media'))).join('')
    return { role: role === 'user' || role === 'assistant' ? role : 'system', content: text }
  })
}
