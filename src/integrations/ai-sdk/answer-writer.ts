/**
 * Judged parts back to parts of the AI SDK, of the version the model has. Blocks begin before their first text and end after their
 * last, whatever was masked or left out in between; the end of the answer waits for `finish`.
 */
import type { StreamPart } from '../../spec/index.ts'
import type { Attempt, Block, BlockDelta, Call, Item } from './answer-items.ts'
import { Tag } from './answer-items.ts'
import type { DecisionMetadata } from './finish.ts'
import { modelFinish, ownFinish } from './finish.ts'
import type { AnyCitations, AnyStreamPart, PartOf } from './provider-types.ts'
import { shownInput } from './tool-inputs.ts'
import type { SpecificationVersion } from './types.ts'

const OWN = 'parapet'

export class AnswerWriter {
  readonly version: SpecificationVersion
  #attempt: Attempt | null = null
  /** First of the attempt's blocks that has not ended. */
  #firstOpen = 0
  #openCalls = new Set<Call>()
  #finish: { readonly part: PartOf<'finish'>; readonly attempt: Attempt } | null = null
  #refused = false
  /** Words of the pipeline's own: a refusal, if an end of its own follows; else they stand for a file that was removed. */
  #ownWords: string | null = null
  #said = 0
  #started = false
  #out: AnyStreamPart[] = []

  constructor(version: SpecificationVersion) {
    this.version = version
  }

  /** The attempt the last parts came from. What came of an earlier one does not count. */
  get attempt(): Attempt | null {
    return this.#attempt
  }

  /** The pipeline spoke in the policy's words. */
  get refused(): boolean {
    return this.#refused
  }

  write(part: StreamPart): readonly AnyStreamPart[] {
    this.#out = []
    const { raw } = part
    if (raw instanceof Tag) this.#writeItem(part, raw)
    else this.#writeOwn(part)
    return this.#out
  }

  /** Ends what is open, for an answer that does not go on. */
  stop(): readonly AnyStreamPart[] {
    this.#out = []
    this.#sayOwn()
    this.#endOpen()
    return this.#out
  }

  /** Words of ours, as a block of their own. */
  say(text: string): readonly AnyStreamPart[] {
    this.#said += 1
    const id = `${OWN}-${this.#said}`
    return [
      { type: 'text-start', id },
      { type: 'text-delta', id, delta: text },
      { type: 'text-end', id },
    ]
  }

  /** The end of an answer that was let through, or refused. Nothing when the model sent none. */
  finish(decision: DecisionMetadata): readonly AnyStreamPart[] {
    this.#out = []
    this.#sayOwn()
    this.#endOpen()
    if (this.#refused) {
      this.#out.push(ownFinish(this.version, 'content-filter', decision))
    } else if (this.#finish !== null) {
      this.#out.push(modelFinish(this.#finish.part, this.#finish.attempt.verdicts, decision))
    }
    return this.#out
  }

  /** A refusal comes once for every choice; here there is one answer. */
  #writeOwn(part: StreamPart): void {
    if (this.#refused) return
    if (part.type === 'text') {
      this.#sayOwn()
      this.#ownWords = part.text
    } else if (part.type === 'finish') {
      this.#refused = true
      this.#endOpen()
      this.#sayOwn()
    }
  }

  #sayOwn(): void {
    if (this.#ownWords === null) return
    this.#out.push(...this.say(this.#ownWords))
    this.#ownWords = null
  }

  #writeItem(part: StreamPart, { attempt, order, item }: Tag): void {
    if (attempt !== this.#attempt) {
      if (this.#attempt !== null) this.#ownWords = null
      this.#endOpen()
      this.#attempt = attempt
      this.#firstOpen = 0
      this.#openCalls = new Set()
    }
    this.#sayOwn()
    this.#endClosed(attempt, order)
    this.#place(part, attempt, order, item)
  }

  #place(part: StreamPart, attempt: Attempt, order: number, item: Item): void {
    const text = part.type === 'file' ? part.data : 'text' in part ? part.text : ''
    switch (item.type) {
      case 'block-delta':
        this.#delta(attempt, item.block, text, item.part)
        return
      case 'block-end':
        this.#endUntil(attempt, item.block)
        this.#endBlock(attempt, item.block)
        return
      case 'input-delta':
        this.#inputDelta(attempt, item.call, text, item.part)
        return
      case 'input-end':
        this.#startInput(attempt, item.call)
        this.#endInput(attempt, item.call)
        return
      case 'input-whole':
        item.call.shown += text
        return
      case 'tool-call':
        this.#startInput(attempt, item.call)
        this.#endInput(attempt, item.call)
        this.#out.push(callPart(attempt, item.call, item.part))
        return
      case 'words':
        attempt.verdicts.answered(item.text, text)
        return
      case 'content':
        this.#startBefore(attempt, order)
        this.#push(item.make(text, attempt.verdicts))
        return
      case 'pass':
        this.#push(item.make(attempt.verdicts))
        return
      case 'finish':
        this.#finish = { part: item.part, attempt }
        for (const block of attempt.blocks) block.closedAt = 0
        this.#endClosed(attempt, 1)
        return
      case 'nothing':
        return
      default:
        item satisfies never
    }
  }

  #push(part: AnyStreamPart | null): void {
    if (part === null) return
    // A second attempt starts its stream again.
    if (part.type === 'stream-start' && this.#started) return
    if (part.type === 'stream-start') this.#started = true
    this.#out.push(part)
  }

  #delta(attempt: Attempt, block: Block, text: string, part: BlockDelta): void {
    this.#endUntil(attempt, block)
    const metadata = attempt.verdicts.metadata(part)
    if (text === '' && metadata.providerMetadata === undefined) return
    this.#startBlock(attempt, block)
    block.shown += text
    this.#out.push({ type: `${block.kind}-delta`, id: block.id, delta: text, ...metadata } as AnyStreamPart)
  }

  #startBlock(attempt: Attempt, block: Block): void {
    if (block.started) return
    block.started = true
    const metadata = attempt.verdicts.metadata(block.start)
    this.#out.push({ type: `${block.kind}-start`, id: block.id, ...metadata } as AnyStreamPart)
  }

  #endBlock(attempt: Attempt, block: Block): void {
    if (block.ended) return
    this.#startBlock(attempt, block)
    block.ended = true
    const { end } = block
    const metadata = end === null ? {} : attempt.verdicts.metadata(end)
    const citations = end !== null && 'citations' in end ? citationsOf(attempt, block, end.citations) : {}
    this.#out.push({ type: `${block.kind}-end`, id: block.id, ...citations, ...metadata } as AnyStreamPart)
  }

  /** What is shown keeps its order: blocks that began earlier begin, although their text may still be judged. */
  #startBefore(attempt: Attempt, order: number): void {
    for (const block of attempt.blocks.slice(this.#firstOpen)) {
      if (block.order < order) this.#startBlock(attempt, block)
    }
  }

  /** Blocks of the same kind that began earlier have ended, whether their end was handed through or not. */
  #endUntil(attempt: Attempt, block: Block): void {
    for (const earlier of attempt.blocks.slice(this.#firstOpen)) {
      if (earlier === block) break
      if (earlier.kind === block.kind && earlier.end !== null) this.#endBlock(attempt, earlier)
    }
  }

  /** Blocks of runs that have been judged to their end. */
  #endClosed(attempt: Attempt, order: number): void {
    const { blocks } = attempt
    for (let index = this.#firstOpen; index < blocks.length; index += 1) {
      const block = blocks[index]
      if (block === undefined) return
      if (block.closedAt < order && block.end !== null) this.#endBlock(attempt, block)
      if (block.ended && index === this.#firstOpen) this.#firstOpen += 1
    }
  }

  #inputDelta(attempt: Attempt, call: Call, text: string, part: PartOf<'tool-input-delta'> | null): void {
    if (text === '') return
    this.#startInput(attempt, call)
    call.shown += text
    const metadata = part === null ? {} : attempt.verdicts.metadata(part)
    const id = attempt.verdicts.text(call.start.id)
    this.#out.push({ type: 'tool-input-delta', id, delta: text, ...metadata })
  }

  #startInput(attempt: Attempt, call: Call): void {
    if (call.started) return
    call.started = true
    this.#openCalls.add(call)
    this.#out.push(inputStart(attempt, call))
  }

  #endInput(attempt: Attempt, call: Call): void {
    if (!call.started || call.ended) return
    call.ended = true
    this.#openCalls.delete(call)
    this.#out.push({ type: 'tool-input-end', id: attempt.verdicts.text(call.start.id) })
  }

  #endOpen(): void {
    const attempt = this.#attempt
    if (attempt === null) return
    for (const block of attempt.blocks) if (block.started) this.#endBlock(attempt, block)
    for (const call of this.#openCalls) this.#endInput(attempt, call)
  }
}

function inputStart({ verdicts }: Attempt, { start }: Call): AnyStreamPart {
  const { id, toolName } = start
  const title = 'title' in start && start.title !== undefined ? { title: verdicts.text(start.title) } : {}
  const encoding = 'inputEncoding' in start && start.inputEncoding === 'text' ? { inputEncoding: 'text' } : {}
  return {
    type: 'tool-input-start',
    id: verdicts.text(id),
    toolName: verdicts.text(toolName),
    ...title,
    ...encoding,
    ...flags(start),
    ...verdicts.metadata(start),
  } as AnyStreamPart
}

function callPart({ verdicts }: Attempt, call: Call, part: PartOf<'tool-call'>): AnyStreamPart {
  return {
    type: 'tool-call',
    toolCallId: verdicts.text(part.toolCallId),
    toolName: verdicts.text(part.toolName),
    input: shownInput(call),
    ...flags(part),
    ...verdicts.metadata(part),
  }
}

function flags(part: object): object {
  return Object.fromEntries(Object.entries(part).filter(([, value]) => typeof value === 'boolean'))
}

/** Offsets point into the text the model wrote; when another was shown they are left out. */
function citationsOf({ verdicts }: Attempt, block: Block, citations: AnyCitations | undefined): object {
  const fit = verdicts.fit(citations)
  if (fit === undefined) return {}
  const same = block.source === block.shown
  return { citations: same ? fit : fit.map(({ startIndex: _start, endIndex: _end, ...rest }) => rest) }
}
