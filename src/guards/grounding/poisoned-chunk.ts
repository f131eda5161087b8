/**
 * Instructions hidden in one document: what of it has to go. The injection head scores the document and its sentences, a few patterns find
 * what only an attack writes. It removes as few sentences as bring the rest below the threshold, or all where that leaves too little.
 */
import { createTextView } from '../../core/text/index.ts'
import type { ClassifierEngine } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { cutBefore, sentencesOf } from './sentences.ts'

export interface ChunkJudgement {
  /** 0…1: the highest score of a passage, or 1 where a pattern matched. */
  readonly score: number
  /** Ranges to remove, in order; empty for a clean document. */
  readonly spans: readonly { readonly start: number; readonly end: number }[]
  /** Nothing of the document is to be kept. */
  readonly whole: boolean
}

export interface ChunkRules {
  readonly engine: ClassifierEngine
  /** Above it a passage is poisoned, 0…1. */
  readonly threshold: number
  /** The trusted task, when there is one. */
  readonly system?: string
}

/** Sentences scored together; a long document is scored passage by passage so that its length hides nothing. */
const PASSAGE = 600
/** Shorter sentences go with the next one. */
const SHORTEST = 60
/** Where more than this share of a passage's sentences would have to go, the document goes. */
const MOST_REMOVED = 0.5
const SURE = [
  /<\|(?:im_start|im_end|system|user|assistant|start_header_id|eot_id|endoftext)\|>/i,
  /\[\/?INST\]|<<SYS>>|<start_of_turn>/,
  /\b(?:ignore|disregard|forget|override)\s{1,4}(?:(?:all|any|the|your|of|my)\s{1,4}){0,3}(?:previous|prior|above|earlier|preceding)\s{1,4}(?:\w{1,24}\s{1,4})?(?:instructions?|prompts?|rules|messages)/i,
  /\b(?:ignorier\w*|vergiss)\s+(?:(?:alle|die|deine|bisherigen|vorherigen|obigen)\s+){1,3}(?:anweisungen|regeln|instruktionen)/i,
  /\b(?:ignore[zr]?|oublie[zr]?)\s+(?:(?:toutes|les|tes|vos)\s+){1,3}(?:instructions|consignes|règles)/i,
  /\b(?:ignora|olvida|ignore)\s+(?:(?:todas|las|tus|sus)\s+){1,3}(?:instrucciones|reglas|órdenes)/i,
  /(?:忽略|无视|忘记)(?:之前|以上|先前|所有|上述)[^。\n]{0,12}(?:指令|指示|提示|规则)/,
]

interface Passage {
  readonly sentences: readonly { readonly start: number; readonly end: number }[]
}

/** Judges a document. Time is linear in its length. */
export function judgeChunk(text: string, rules: ChunkRules): ChunkJudgement {
  const removed: { start: number; end: number }[] = []
  let score = 0
  let whole = false
  for (const { sentences } of passagesOf(text)) {
    const judged = judgePassage(text, sentences, rules)
    score = Math.max(score, judged.score)
    removed.push(...judged.removed)
    whole = judged.removed.length > 1 && judged.removed.length > MOST_REMOVED * sentences.length
    if (whole) break
  }
  return { score, spans: whole ? [{ start: 0, end: text.length }] : removed, whole }
}

function judgePassage(
  text: string,
  sentences: Passage['sentences'],
  rules: ChunkRules,
): { readonly score: number; readonly removed: readonly { readonly start: number; readonly end: number }[] } {
  const normal = sentences.map(({ start, end }) => createTextView(text.slice(start, end)).normalised)
  const gone = new Set(
    normal.flatMap((sentence, index) => (SURE.some((pattern) => pattern.test(sentence)) ? [index] : [])),
  )
  const scoreWithout = (left: ReadonlySet<number>): number =>
    injection(normal.filter((_, index) => !left.has(index)).join(' '), rules)
  const first = scoreWithout(new Set())
  const score = gone.size > 0 ? 1 : first
  let current = gone.size > 0 ? scoreWithout(gone) : first
  while (current > rules.threshold && gone.size < normal.length) {
    // The sentence without which the rest looks best goes next.
    let best = -1
    let least = Infinity
    for (const index of normal.keys()) {
      if (gone.has(index)) continue
      const without = scoreWithout(new Set([...gone, index]))
      if (without < least) [best, least] = [index, without]
    }
    gone.add(best)
    current = gone.size === normal.length ? 0 : least
  }
  return { score, removed: sentences.filter((_, index) => gone.has(index)) }
}

function injection(text: string, { engine, system }: ChunkRules): number {
  if (text.trim() === '') return 0
  const scores = engine.classify(system === undefined ? { prompt: text } : { prompt: text, system })
  const score = Math.max(scores.injection_direct ?? 0, scores.injection_indirect ?? 0)
  if (!Number.isNaN(score)) return score
  throw new ParapetError('guard_failed', 'The classifier gave a score that is not a number.')
}

/** Sentences in groups of bounded length: short ones are joined and long ones cut, so that a group has few. */
function passagesOf(text: string): readonly Passage[] {
  const passages: { start: number; end: number }[][] = []
  let length = Infinity
  for (const { start, end } of sentencesOf(text)) {
    const last = passages.at(-1)?.at(-1)
    if (last !== undefined && last.end - last.start < SHORTEST && end - last.start <= PASSAGE) {
      length += end - last.end
      last.end = end
      continue
    }
    for (let from = start, to = end; from < end; from = to) {
      to = end - from <= PASSAGE ? end : cutBefore(text, from, from + PASSAGE)
      const piece = { start: from, end: to }
      if (length + piece.end - piece.start > PASSAGE) {
        passages.push([])
        length = 0
      }
      passages.at(-1)?.push(piece)
      length += piece.end - piece.start
    }
  }
  return passages.map((sentences) => ({ sentences }))
}
