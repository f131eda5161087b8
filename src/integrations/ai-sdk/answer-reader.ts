/**
 * A model's answer, part by part, to the parts that are judged. Every kind of part of every version is in the switch below: what
 * holds words is judged, what stands beside the answer is judged when it is more than a token, what cannot be judged is left out.
 *
 * Text of several blocks is judged as one text, as it is read; so is reasoning. Such a run ends where something else begins.
 */
import type { StreamPart } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import type {
  Attempt,
  Block,
  BlockDelta,
  BlockEnd,
  BlockKind,
  BlockPart,
  BlockStart,
  Item,
  Make,
} from './answer-items.ts'
import { Tag } from './answer-items.ts'
import { BlockOrder } from './block-order.ts'
import type { Content } from './content-parts.ts'
import { fileContent, resultContent, sourceContent } from './content-parts.ts'
import { malformed } from './failure.ts'
import { finishWords } from './finish.ts'
import type { AnyStreamPart, PartOf } from './provider-types.ts'
import type { Planned } from './tool-inputs.ts'
import { ToolInputs } from './tool-inputs.ts'

/** The answer's own choice for the pipeline, and one for what is shown beside it. */
const ANSWER = 0
const BESIDE = 1

type WithMetadata = Readonly<Partial<Record<'providerMetadata', unknown>>>
type Other = PartOf<'custom' | 'stream-start' | 'response-metadata' | 'finish' | 'ping' | 'raw' | 'error'>

export class AnswerReader {
  readonly #attempt: Attempt
  readonly #passRaw: boolean
  readonly #runs: Readonly<Record<BlockKind, BlockOrder>> = { text: new BlockOrder(), reasoning: new BlockOrder() }
  readonly #inputs = new ToolInputs()
  #order = 0
  #out: StreamPart[] = []

  /** @param passRaw hand on raw chunks, which nobody can judge */
  constructor(attempt: Attempt, passRaw: boolean) {
    this.#attempt = attempt
    this.#passRaw = passRaw
  }

  /** The parts to judge for one part of the model. Throws `upstream_error` when it is none. */
  read(part: AnyStreamPart): readonly StreamPart[] {
    if (typeof part !== 'object' || part === null) throw malformed()
    this.#out = []
    this.#read(part)
    return this.#out
  }

  /** The parts to judge for words that stand in no part. */
  beside(words: string): readonly StreamPart[] {
    this.#out = []
    this.#beside([words])
    return this.#out
  }

  #read(part: AnyStreamPart): void {
    switch (part.type) {
      case 'text-start':
      case 'text-delta':
      case 'text-end':
        this.#ordered('text', part)
        return
      case 'reasoning-start':
      case 'reasoning-delta':
      case 'reasoning-end':
        this.#ordered('reasoning', part)
        return
      case 'tool-input-start':
        this.#closeRuns()
        this.#beside([part.id, part.toolName, 'title' in part ? part.title : undefined], part)
        this.#inputs.start(part)
        return
      case 'tool-input-delta':
        if (typeof part.delta !== 'string') throw malformed()
        this.#beside([], part)
        this.#plan(this.#inputs.delta(part))
        return
      case 'tool-input-end':
        this.#plan(this.#inputs.end(part.id))
        return
      case 'tool-call':
        this.#closeRuns()
        this.#beside([part.toolCallId, part.toolName], part)
        this.#plan(this.#inputs.call(part))
        return
      case 'tool-result':
        this.#closeRuns()
        this.#content(resultContent(part), ANSWER)
        return
      case 'file':
      case 'reasoning-file':
        this.#closeRuns()
        this.#content(fileContent(part), ANSWER)
        return
      case 'source':
        this.#content(sourceContent(part), BESIDE)
        return
      case 'tool-approval-request': {
        const { type, approvalId, toolCallId } = part
        this.#beside([approvalId, toolCallId], part)
        this.#pass((verdicts) => ({
          type,
          approvalId: verdicts.text(approvalId),
          toolCallId: verdicts.text(toolCallId),
          ...verdicts.metadata(part),
        }))
        return
      }
      default:
        this.#readOther(part)
    }
  }

  #readOther(part: Other): void {
    switch (part.type) {
      case 'custom': {
        const { type, kind } = part
        this.#closeRuns()
        this.#beside([kind], part)
        this.#pass((verdicts) => ({ type, kind: verdicts.text(kind) as typeof kind, ...verdicts.metadata(part) }))
        return
      }
      case 'stream-start': {
        const { type, warnings } = part
        this.#beside([warnings])
        this.#pass((verdicts) => ({ type, warnings: verdicts.fit(warnings) ?? [] }) as AnyStreamPart)
        return
      }
      case 'response-metadata': {
        const { type, id, modelId, timestamp } = part
        this.#beside([id, modelId])
        this.#pass((verdicts) => ({
          type,
          ...(id === undefined ? {} : { id: verdicts.text(id) }),
          ...(modelId === undefined ? {} : { modelId: verdicts.text(modelId) }),
          ...(timestamp instanceof Date ? { timestamp } : {}),
        }))
        return
      }
      case 'finish':
        this.#finish(part)
        return
      case 'ping':
        this.#pass(() => ({ type: 'ping' }))
        return
      case 'raw':
        // Pieces of the answer as they were before they were judged.
        if (this.#passRaw) this.#pass(() => part)
        return
      case 'error': {
        const { type, error } = part
        this.#beside([error])
        this.#pass((verdicts) => ({ type, error: verdicts.fit(error) ?? withheldError() }))
        return
      }
      default:
        // A kind of part nobody here knows is left out.
        part satisfies never
    }
  }

  #ordered(kind: BlockKind, part: BlockPart): void {
    const run = this.#runs[kind]
    const queue: BlockPart[] = [part]
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      if (!run.admits(next)) continue
      this.#block(kind, next)
      if (run.open === null) queue.unshift(...run.drain())
    }
  }

  #block(kind: BlockKind, part: BlockPart): void {
    const { open } = this.#runs[kind]
    switch (part.type) {
      case 'text-start':
      case 'reasoning-start':
        if (open !== null) this.#endBlock(open, endOf(kind, part.id))
        this.#beginBlock(kind, part)
        return
      case 'text-delta':
      case 'reasoning-delta':
        this.#delta(open ?? this.#beginBlock(kind, { type: `${kind}-start`, id: part.id }), part)
        return
      case 'text-end':
      case 'reasoning-end':
        if (open !== null) this.#endBlock(open, part)
        return
      default:
        part satisfies never
    }
  }

  #beginBlock(kind: BlockKind, start: BlockStart): Block {
    this.#closeRun(kind === 'text' ? 'reasoning' : 'text')
    this.#beside([], start)
    const { blocks, number } = this.#attempt
    const id = number === 0 ? String(blocks.length) : `${number}-${blocks.length}`
    const block: Block = {
      kind,
      id,
      start,
      order: this.#order,
      end: null,
      closedAt: Infinity,
      started: false,
      ended: false,
      source: '',
      shown: '',
    }
    blocks.push(block)
    this.#runs[kind].begin(start.id, block)
    return block
  }

  #delta(block: Block, part: BlockDelta): void {
    if (typeof part.delta !== 'string') throw malformed()
    this.#beside([], part)
    block.source += part.delta
    this.#put({ type: block.kind, text: part.delta }, { type: 'block-delta', block, part })
  }

  #endBlock(block: Block, end: BlockEnd): void {
    this.#beside(['citations' in end ? end.citations : undefined], end)
    block.end = end
    this.#runs[block.kind].end()
    this.#put({ type: block.kind, text: '' }, { type: 'block-end', block })
  }

  #content(content: Content, choice: number): void {
    this.#beside(content.beside)
    this.#words(this.#attempt.verdicts.askMetadata(content.metadata))
    const { text, medium, make } = content
    const whole: Item = { type: 'content', make }
    if (medium !== null) {
      const { mediaType, data } = medium
      this.#put({ type: 'file', choice, mediaType, data }, text === null ? whole : { type: 'nothing' })
      // A text may stand in its place now; it leaves before whatever comes next.
      this.#put({ type: 'text', text: '', last: true }, { type: 'nothing' })
    }
    if (text === '') this.#pass((verdicts) => make('', verdicts))
    else if (text !== null) this.#put({ type: 'file', choice, mediaType: 'text/plain', data: text }, whole)
  }

  /** Blocks that were left open end here, with those that waited for them. */
  #finish(part: PartOf<'finish'>): void {
    for (const kind of ['text', 'reasoning'] as const) {
      const run = this.#runs[kind]
      for (let { open } = run; open !== null; open = run.open) {
        this.#endBlock(open, endOf(kind, ''))
        for (const next of run.drain()) this.#ordered(kind, next)
      }
    }
    this.#beside(finishWords(part), part)
    this.#put({ type: 'finish', reason: 'stop' }, { type: 'finish', part })
  }

  #closeRuns(): void {
    this.#closeRun('text')
    this.#closeRun('reasoning')
  }

  #closeRun(kind: BlockKind): void {
    const blocks = this.#runs[kind].close()
    if (blocks.length === 0) return
    this.#put({ type: kind, text: '', last: true }, { type: 'nothing' })
    for (const block of blocks) block.closedAt = this.#order
  }

  /** Has values judged that may hold words, and the metadata of the part they belong to. */
  #beside(values: readonly unknown[], part?: WithMetadata): void {
    const { verdicts } = this.#attempt
    for (const value of values) this.#words(verdicts.ask(value))
    if (part?.providerMetadata !== undefined) this.#words(verdicts.askMetadata(part.providerMetadata))
  }

  #words(text: string | null): void {
    if (text === null) return
    this.#put({ type: 'file', mediaType: 'text/plain', data: text, beside: true }, { type: 'words', text })
  }

  #plan(planned: readonly Planned[]): void {
    for (const { part, item } of planned) this.#put(part, item)
  }

  #pass(make: Make): void {
    this.#put({ type: 'other' }, { type: 'pass', make })
  }

  #put(part: StreamPart, item: Item): void {
    this.#order += 1
    this.#out.push({ ...part, raw: new Tag(this.#attempt, this.#order, item) })
  }
}

function endOf(kind: BlockKind, id: string): BlockEnd {
  return { type: `${kind}-end`, id }
}

function withheldError(): ParapetError {
  return new ParapetError('upstream_error', 'The model reported an error. Its text was not let through.')
}
