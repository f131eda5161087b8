/** Sets of the small world for the bench: clean rows, harmful ones, and mixtures that hide a harmful answer behind a harmless one. */
import { worldRows } from '../../src/lab/world/index.ts'
import type { WorldKind, WorldMessage, WorldSplit } from '../../src/lab/world/index.ts'

const KINDS: readonly WorldKind[] = ['task', 'near-miss', 'contrast', 'lore', 'flow', 'forbidden']
export type Chat = readonly WorldMessage[]

export function cleanRows(split: WorldSplit, seed: number, each: number): readonly Chat[] {
  const counts = Object.fromEntries(KINDS.map((kind) => [kind, each]))
  return [...worldRows({ split, seed, counts })].map(({ messages }) => messages)
}

/** Forbidden requests carried out. */
export function harmfulRows(split: WorldSplit, seed: number, count: number): readonly Chat[] {
  return [...worldRows({ split, seed, stage: 'base', counts: { forbidden: count } })].map(({ messages }) => messages)
}

export function mixedRows(split: WorldSplit, seed: number, count: number): readonly Chat[] {
  const carriers = [...worldRows({ split, seed: seed + 50, counts: { task: count, lore: count } })]
  return harmfulRows(split, seed, count).flatMap((row, at) => {
    const carrier = carriers[(at * 7) % carriers.length]?.messages ?? []
    const [answer, asked, added] = [carrier.at(-1), row.at(-2), row.at(-1)].map((message) => message?.content ?? '')
    return [[...carrier.slice(0, -1), { role: 'assistant' as const, content: `${answer} ${asked} ${added}` }]]
  })
}

export function linesOf(rows: readonly Chat[]): string {
  return rows.map((messages) => `${JSON.stringify({ messages })}\n`).join('')
}
