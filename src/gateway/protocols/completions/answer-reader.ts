/**
 * `text_completion` objects to stream parts. Whole answers and the chunks of a stream have the same form. Everything in one that
 * could carry words becomes a part that is judged, for every choice; what is passed on as it is, is ids and numbers.
 *
 * Each part of a chunk gets a chunk of its own, which says that part and nothing else, so that one part can be changed or held back
 * without the others. They are put together again by `event-writer` and `whole-writer`.
 */
import type { JsonObject } from '../../../contract/index.ts'
import { asArray, isJsonObject } from '../../../contract/index.ts'
import type { FinishPart, StreamPart } from '../../../spec/index.ts'
import { upstreamError } from '../../upstream/failure.ts'
import { ANSWER_KEYS, CHOICE_KEYS, countsOf, envelopeOf, finishReason, unknownFields } from './fields.ts'
import { splitLogprobs } from './logprobs.ts'
import type { Alternatives, CompletionRaw } from './raw.ts'

/** Reads the chunks of one answer. */
export interface ChunkReader {
  read(chunk: JsonObject): readonly StreamPart[]
  /** Call when the stream has ended: throws unless every choice that began has finished. */
  end(): void
}

/** @param count choices asked for, over all prompts */
export function createChunkReader(count: number): ChunkReader {
  const finished = new Map<number, boolean>()

  const readChoice = (choice: JsonObject, envelope: JsonObject, into: StreamPart[]): void => {
    const index = choiceIndex(choice, 0, count)
    const text = textOf(choice)
    const { silent, parts } = unknownFields(choice, CHOICE_KEYS, envelope, index)
    const logprobs = splitLogprobs(choice['logprobs'], text)
    const chunkOf = (said: JsonObject): JsonObject => ({ ...envelope, choices: [{ index, ...said, ...silent }] })
    const spelled = 'logprobs' in choice ? { logprobs: logprobs.spelled } : {}
    into.push(...parts)
    if (text !== '') {
      const chunk = chunkOf({ text, ...spelled, finish_reason: null })
      const { alternatives } = logprobs
      if (alternatives !== null) into.push(alternativesPart(index, alternatives))
      const raw: CompletionRaw = { kind: 'chunk', chunk, ...(alternatives === null ? {} : { alternatives }) }
      into.push({ type: 'text', choice: index, text, raw })
    }
    const ended = finished.get(index) ?? false
    const rest = text === '' ? spelled : 'logprobs' in choice ? { logprobs: null } : {}
    if (isReason(choice) && !ended) {
      const reason = finishReason(choice['finish_reason'] ?? null)
      into.push(finishPart(index, reason, chunkOf({ text: '', ...rest, finish_reason: reason })))
    } else if (text === '' && parts.length === 0) into.push(silentPart(chunkOf({ text, ...rest, finish_reason: null })))
    finished.set(index, ended || isReason(choice))
  }

  return {
    read(chunk) {
      const choices = choicesOf(chunk, 'in its stream')
      const envelope = envelopeOf(chunk)
      const { silent, parts } = unknownFields(chunk, ANSWER_KEYS, envelope)
      const into: StreamPart[] = [...parts]
      const around = { ...envelope, ...silent }
      for (const choice of choices) readChoice(choice, around, into)
      const { usage } = chunk
      if (isJsonObject(usage)) return withUsage(into, { ...around, choices: [], usage: countsOf(usage) })
      return into.length === 0 ? [silentPart({ ...around, choices: [] })] : into
    },
    end() {
      if (finished.size === 0 || [...finished.values()].includes(false))
        throw upstreamError('The answer of the model server ended before it was finished.')
    },
  }
}

/** Parts of an answer in one piece: the answer itself first, then what it holds. Throws `upstream_error` when it is none. */
export function readWhole(answer: JsonObject, count: number): readonly StreamPart[] {
  const choices = choicesOf(answer, 'instead of an answer')
  if (choices.length === 0) throw upstreamError('The model server sent an answer without choices.')
  const raw: CompletionRaw = { kind: 'whole', answer }
  const parts: StreamPart[] = [{ type: 'other', raw }]
  const envelope = envelopeOf(answer)
  parts.push(...unknownFields(answer, ANSWER_KEYS, envelope).parts)
  const seen = new Set<number>()
  choices.forEach((choice, position) => {
    const index = choiceIndex(choice, position, count)
    if (seen.has(index)) throw upstreamError('The model server sent two choices with the same index.')
    seen.add(index)
    const text = textOf(choice)
    parts.push(...unknownFields(choice, CHOICE_KEYS, envelope, index).parts)
    const { alternatives } = splitLogprobs(choice['logprobs'], text)
    if (alternatives !== null) parts.push(alternativesPart(index, alternatives))
    if (text !== '') parts.push({ type: 'text', choice: index, text })
    parts.push({ type: 'finish', choice: index, reason: finishReason(choice['finish_reason'] ?? 'stop') })
  })
  return parts
}

function choicesOf(answer: JsonObject, where: string): readonly JsonObject[] {
  if (answer['error'] !== undefined && answer['error'] !== null)
    throw upstreamError(`The model server reported an error ${where}.`)
  if (!Array.isArray(answer['choices']))
    throw upstreamError('The model server sent something that is not a completion.')
  return asArray(answer['choices']).map((choice) => {
    if (!isJsonObject(choice)) throw upstreamError('The model server sent a choice that is not an object.')
    return choice
  })
}

/** The index of a choice: that of its prompt times `n`, plus its own among those. */
export function choiceIndex(choice: JsonObject, fallback: number, count: number): number {
  const index = choice['index'] ?? fallback
  if (typeof index === 'number' && Number.isInteger(index) && index >= 0 && index < count) return index
  throw upstreamError('The model server sent a choice that was not asked for.')
}

function textOf(choice: JsonObject): string {
  const text = choice['text'] ?? ''
  if (typeof text !== 'string' || (choice['text'] === undefined && choice['finish_reason'] === undefined))
    throw upstreamError('The model server sent a choice without a text.')
  return text
}

function isReason(choice: JsonObject): boolean {
  const reason = choice['finish_reason']
  return reason !== undefined && reason !== null && reason !== ''
}

function alternativesPart(choice: number, raw: Alternatives): StreamPart {
  return { type: 'file', mediaType: 'text/plain', choice, data: raw.data, beside: true, raw }
}

function finishPart(choice: number, reason: string, chunk: JsonObject): FinishPart {
  return { type: 'finish', choice, reason, raw: { kind: 'chunk', chunk } satisfies CompletionRaw }
}

function silentPart(chunk: JsonObject): StreamPart {
  return { type: 'other', raw: { kind: 'chunk', chunk } satisfies CompletionRaw }
}

/** Counts stay on the end of a choice they came with; elsewhere they get a chunk of their own, as nothing may hold them back. */
function withUsage(parts: readonly StreamPart[], counts: JsonObject): readonly StreamPart[] {
  const last = parts.at(-1)
  const raw = last?.type === 'finish' ? (last.raw as CompletionRaw) : null
  if (last?.type !== 'finish' || raw?.kind !== 'chunk') return [...parts, silentPart(counts)]
  return [...parts.slice(0, -1), finishPart(last.choice ?? 0, last.reason, { ...raw.chunk, usage: counts['usage'] })]
}
