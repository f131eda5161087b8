/**
 * Texts as the sequences that classifiers and encoders were trained on: token ids, with control tokens of the model around one text or
 * between two. What a user wrote never becomes a control token.
 *
 * Nothing is cut or padded here.
 */
import { ParapetError } from '../../spec/errors.ts'
import { type HubTokenizer, type LoadedTokenizer, openHubTokenizer } from './hub-tokenizer.ts'
import type { TokenizerFiles } from './tokenizer-json.ts'

/** A control token, or the place of a text. `type` is the kind of segment that the model is told (`token_type_ids`). */
export type FramePiece =
  | { readonly token: number; readonly type: number }
  | { readonly text: 'first' | 'second'; readonly type: number }

export interface SequenceTokenizer {
  /** Highest id + 1. */
  readonly vocabularySize: number
  readonly padToken?: number
  /** Ids of a text by itself. Throws `input_invalid` where the vocabulary has no token for a part of it. */
  encode(text: string): readonly number[]
  /** What stands around one text. */
  readonly single: readonly FramePiece[]
  /** What stands around and between two. */
  readonly pair: readonly FramePiece[]
}

/** Throws `input_invalid` for files that are no tokenizer. */
export async function loadSequenceTokenizer(files: Omit<TokenizerFiles, 'chatTemplate'>): Promise<SequenceTokenizer> {
  const hub = await openHubTokenizer(files.json, files.config)
  const { vocabularySize, tokenizer } = hub
  const padToken = padTokenOf(hub)
  const segments = hasSegments(files.json)
  return {
    vocabularySize,
    ...(padToken === undefined ? {} : { padToken }),
    encode(text) {
      const mark = hub.unusedMark([text])
      return hub.encode(hub.controls.weakly(text, mark), mark)
    },
    single: frameOf(tokenizer, { pair: false, segments }),
    pair: frameOf(tokenizer, { pair: true, segments }),
  }
}

/** RoBERTa has one kind of segment, whatever the package's processor of that name says. */
function hasSegments(json: unknown): boolean {
  const { post_processor: last } = (json ?? {}) as { readonly post_processor?: Processor | null }
  return [last, ...(last?.processors ?? [])].every((one) => one?.type !== 'RobertaProcessing')
}

interface Processor {
  readonly type?: string
  readonly processors?: readonly Processor[]
}

/** Stand for the texts; no vocabulary holds them. */
const FIRST = '\uFDD0first'
const SECOND = '\uFDD0second'

/** The tokenizer's own post-processor is run on stand-ins, so that every kind of it is covered. */
function frameOf(
  tokenizer: HubTokenizer,
  { pair, segments }: { readonly pair: boolean; readonly segments: boolean },
): readonly FramePiece[] {
  const bare: readonly FramePiece[] = [
    { text: 'first', type: 0 },
    ...(pair ? [{ text: 'second', type: 0 } as const] : []),
  ]
  const process = tokenizer.post_processor
  if (process === null) return bare
  const { tokens, token_type_ids: types = [] } = process([FIRST], pair ? [SECOND] : null, true)
  const pieces = tokens.map((token, place): FramePiece => {
    const type = segments ? (types[place] ?? 0) : 0
    if (token === FIRST) return { text: 'first', type }
    if (token === SECOND) return { text: 'second', type }
    return { token: tokenIn(tokenizer, token), type }
  })
  // Processors that add nothing (byte-level ones) hand back the first text only.
  return pieces.filter((piece) => 'text' in piece).length === bare.length ? pieces : bare
}

function tokenIn(tokenizer: HubTokenizer, text: string): number {
  const id = tokenizer.token_to_id(text)
  if (id !== undefined) return id
  throw new ParapetError('input_invalid', `This tokenizer.json puts ${text} around texts, which its vocabulary lacks.`)
}

/** Padding is masked where a model has a mask; its id then says nothing. */
function padTokenOf({ config, tokenizer }: LoadedTokenizer): number | undefined {
  const entry = config['pad_token']
  const text = typeof entry === 'object' && entry !== null && 'content' in entry ? entry.content : entry
  return typeof text === 'string' ? tokenizer.token_to_id(text) : undefined
}
