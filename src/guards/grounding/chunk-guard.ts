/**
 * Poisoned documents taken out before a model reads them: each document in a text is judged by itself, and what carries instructions is
 * masked or the document dropped, while the rest goes on. At `retrieval` and `tool_result` what stands outside of marks is judged too; at
 * `input` only what they enclose: a user may give instructions.
 */
import { hashText } from '../../core/text/index.ts'
import type { Action, ClassifierEngine, Finding, Guard, GuardReport } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { documentBlocks } from './document-blocks.ts'
import type { ChunkJudgement } from './poisoned-chunk.ts'
import { judgeChunk } from './poisoned-chunk.ts'

export interface ChunkGuardOptions {
  readonly id?: string
  readonly engine: ClassifierEngine
  /** Above it a passage is poisoned, between 0 and 1. Default 0.5. */
  readonly threshold?: number
  /** `mask`: the sentences with instructions; `drop`: the whole document. Default `mask`. */
  readonly remove?: 'mask' | 'drop'
  /** Instead of removing: what is done with the request. */
  readonly action?: Action
  readonly stages?: Guard['stages']
}

interface Chunk {
  readonly id: string
  readonly start: number
  readonly end: number
  /** As a reader sees it; JSON strings without their escapes. */
  readonly text: string
  /** Offsets of `text` are those of the original. */
  readonly exact: boolean
}

const LONGEST_TEXT = 400_000
/** Shorter strings of a JSON answer are names and numbers. */
const SHORTEST_STRING = 24
const JSON_STRING = /"[^"\\]*(?:\\.[^"\\]*)*"/gs

/**
 * Creates the guard.
 *
 * @throws ParapetError `configuration`
 */
export function createChunkGuard(options: ChunkGuardOptions): Guard {
  const { id = 'chunks', engine, threshold = 0.5, remove = 'mask', action = 'modify' } = options
  const { stages = ['retrieval', 'tool_result', 'input'] } = options
  if (!(threshold > 0 && threshold < 1))
    throw new ParapetError('configuration', 'The chunk guard’s threshold must lie between 0 and 1.')
  return {
    specVersion: 'v1',
    ...{ id, stages },
    version: hashText(JSON.stringify([engine.version, threshold, remove, action])),
    check({ text, stage, system }): GuardReport {
      const { original } = text
      if (original.length > LONGEST_TEXT)
        throw new ParapetError(
          'input_too_large',
          `Documents are checked in texts of at most ${LONGEST_TEXT} characters. Send fewer at once.`,
        )
      const rules = { engine, threshold, ...(system === undefined ? {} : { system }) }
      return {
        findings: chunksOf(original, stage !== 'input').flatMap((chunk, index) =>
          findingsOf(chunk, index, judgeChunk(chunk.text, rules), { remove, action }),
        ),
      }
    },
  }
}

function findingsOf(
  chunk: Chunk,
  index: number,
  { score, spans, whole }: ChunkJudgement,
  { remove, action }: Required<Pick<ChunkGuardOptions, 'remove' | 'action'>>,
): readonly Finding[] {
  if (spans.length === 0) return []
  const name = /^[\w.:-]{1,32}$/.test(chunk.id) ? chunk.id : String(index + 1)
  const base = { label: 'chunk.injection', score: Math.max(score, 0.51), action } as const
  if (remove === 'drop' || whole || !chunk.exact) {
    const span = { start: chunk.start, end: chunk.end }
    return [{ ...base, span, replacement: '[document removed]', reason: `Document ${name} gives instructions.` }]
  }
  return spans.map((span) => ({
    ...base,
    span: { start: chunk.start + span.start, end: chunk.start + span.end },
    ...{ replacement: '[removed]', reason: `A passage of document ${name} gives instructions.` },
  }))
}

/** Documents of a text; with `always` what stands around them too, and of JSON its strings. */
function chunksOf(text: string, always: boolean): readonly Chunk[] {
  if (always && isJson(text)) return jsonStrings(text)
  const part = (id: string, start: number, end: number): Chunk => ({
    ...{ id, start, end, text: text.slice(start, end), exact: true },
  })
  const blocks = documentBlocks(text)
  if (!always) return blocks.map(({ id, start, end }) => part(id, start, end))
  // Whoever wrote the text wrote the marks in it too: what stands around them is judged like what stands within.
  const chunks: Chunk[] = []
  let from = 0
  for (const { id, start, end, outer } of blocks) {
    chunks.push(part('', from, outer.start), part(id, start, end))
    from = outer.end
  }
  chunks.push(part('', from, text.length))
  return chunks.filter(({ text: content }) => content.trim() !== '')
}

function jsonStrings(text: string): readonly Chunk[] {
  return [...text.matchAll(JSON_STRING)].flatMap((match, index) => {
    const value = JSON.parse(match[0]) as string
    const [start, end] = [match.index + 1, match.index + match[0].length - 1]
    const exact = value.length === end - start
    return value.length < SHORTEST_STRING ? [] : [{ id: String(index + 1), start, end, text: value, exact }]
  })
}

function isJson(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
