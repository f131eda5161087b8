/**
 * One streamed answer: sorts its parts into channels, lets them be judged and hands on what may leave, in order.
 *
 * Order is kept within a channel. The end of a choice leaves after everything of that choice; parts without content leave as they
 * come. It opens and closes nothing: where parts come from and who is told is `answer-source.ts`.
 */
import type { FilePart, Restorer, StageDecision, StreamPart, TextDelta } from '../../spec/index.ts'
import { moreSevere, showsText } from '../../spec/index.ts'
import { mediumReplacement } from '../pipeline/media.ts'
import type { TextOutcome } from '../pipeline/result.ts'
import type { ChannelPlan } from './channel.ts'
import { Channel } from './channel.ts'
import type { RunContext } from './context.ts'
import { mergeOutcomes } from './ledger.ts'
import { judgeFile } from './media-part.ts'
import type { ContentPart } from './parts.ts'
import { isTextual, textOf } from './parts.ts'
import { RestoringTail } from './restoring.ts'

const MOST_OPEN_OUTCOMES = 64

interface OpenChannel {
  readonly channel: Channel
  readonly choice: number
}

export class Answer {
  readonly #context: RunContext
  readonly #restorers: readonly Restorer[]
  readonly #channels = new Map<string, OpenChannel>()
  readonly #shadows = new Set<Channel>()
  /** Guards in shadow that still look at a file. */
  readonly #observers = new Set<Promise<void>>()
  #ready: StreamPart[] = []
  #taken = 0
  readonly #warnings = new Set<string>()
  readonly #finished = new Set<number>()
  readonly #choices = new Set<number>()
  /** Choices that hold a tool call or a file: there, no text is no answer to judge. */
  readonly #acted = new Set<number>()
  /** Choices of which a text was complete before their end. */
  readonly #spoken = new Set<number>()
  /** Stand for text that never came; what leaves is what a guard put in their place, if anything. */
  readonly #placeholders = new WeakSet<StreamPart>()
  #outcomes: readonly TextOutcome[] = []
  #worst: StageDecision = 'pass'
  #shown = false

  constructor(context: RunContext) {
    this.#context = context
    this.#restorers = restorersOf(context)
  }

  /** Something the model wrote has been handed on. */
  get shown(): boolean {
    return this.#shown
  }

  get stopped(): boolean {
    return !showsText(this.#worst)
  }

  get decision(): StageDecision {
    return this.#worst
  }

  /** Some channel has text its guards have not been shown. */
  get unseen(): boolean {
    for (const { channel } of this.#channels.values()) if (channel.unseen > 0) return true
    return false
  }

  /** Characters held in memory. */
  get retained(): number {
    let sum = 0
    for (const { channel } of this.#channels.values()) sum += channel.retained
    return sum
  }

  /** Choices begun and not finished; choice 0 when nothing came at all. */
  get openChoices(): readonly number[] {
    const open = [...this.#choices].filter((choice) => !this.#finished.has(choice))
    return this.#choices.size === 0 ? [0] : open
  }

  /** The next part that may be shown. */
  take(): StreamPart | undefined {
    const part = this.#ready[this.#taken]
    if (part === undefined) {
      if (this.#taken > 0) {
        this.#ready = []
        this.#taken = 0
      }
      return undefined
    }
    this.#taken += 1
    return part
  }

  /** A promise only when a guard answers later. Parts must be given one after the other. */
  accept(part: StreamPart): Promise<void> | undefined {
    if (part.type === 'other') {
      this.#ready.push(part)
      return undefined
    }
    this.#choices.add(part.choice ?? 0)
    switch (part.type) {
      case 'text':
      case 'reasoning':
      case 'tool-input':
        return this.#content(part)
      case 'file':
        return this.#file(part)
      case 'finish':
        return this.#finish(part.choice ?? 0, part)
      default:
        return part satisfies never
    }
  }

  /** The source pauses: judges what has not been judged although it is little. */
  async advance(): Promise<void> {
    for (const { channel } of this.#channels.values()) {
      if (channel.unseen > 0) await this.#advance(channel)
      if (this.stopped) return
    }
  }

  /** The source has ended: whatever choices it left open end here. */
  async end(): Promise<void> {
    for (const choice of this.openChoices) this.#ensureText(choice)
    for (const [key, { channel }] of this.#channels) {
      await this.#close(key, channel)
      if (this.stopped) return
    }
  }

  async settleShadows(): Promise<void> {
    await Promise.all([...[...this.#shadows].map((channel) => channel.settleShadows()), ...this.#observers])
    for (const channel of this.#shadows) this.#archive(channel)
    this.#shadows.clear()
  }

  outcomes(): readonly TextOutcome[] {
    const open = [...this.#shadows, ...[...this.#channels.values()].map(({ channel }) => channel)]
    return mergeOutcomes([...this.#outcomes, ...open.map((channel) => channel.outcome())])
  }

  warnings(): readonly string[] {
    const all = new Set(this.#warnings)
    for (const { channel } of this.#channels.values()) for (const warning of channel.warnings()) all.add(warning)
    return [...all]
  }

  #content(part: Exclude<ContentPart, FilePart>): Promise<void> | undefined {
    const { channel } = this.#open(part)
    channel.push(part)
    if (part.last === true && !channel.empty) return this.#complete(part, channel)
    if (this.#context.policy.stream.mode === 'after') this.#release(channel)
    if (channel.due) return this.#advance(channel)
    if (part.text === '') this.#release(channel)
    return undefined
  }

  #complete(part: Exclude<ContentPart, FilePart>, channel: Channel): Promise<void> {
    if (part.type === 'text') this.#spoken.add(part.choice ?? 0)
    return this.#close(channelKey(part), channel)
  }

  #open(part: Exclude<ContentPart, FilePart>): OpenChannel {
    const choice = part.choice ?? 0
    const key = channelKey(part)
    const open = this.#channels.get(key)
    if (open !== undefined) return open
    if (part.type === 'tool-input') this.#acted.add(choice)
    const plan: ChannelPlan = {
      stage: part.type === 'tool-input' ? 'tool_call' : 'output',
      field: 'response',
      ...(part.type === 'tool-input' && part.tool !== undefined ? { tool: part.tool } : {}),
      ...(part.type === 'reasoning' ? { aside: 'reasoning' } : {}),
    }
    const created = { channel: this.#create(plan), choice }
    this.#channels.set(key, created)
    return created
  }

  #create(plan: ChannelPlan): Channel {
    return new Channel(plan, this.#context, new RestoringTail(this.#restorers, this.#context.caller))
  }

  #advance(channel: Channel): Promise<void> | undefined {
    const pending = channel.advance()
    if (pending !== undefined) return pending.then(() => this.#release(channel))
    this.#release(channel)
    return undefined
  }

  #release(channel: Channel): void {
    if (channel.stopped) {
      this.#worst = moreSevere(this.#worst, channel.outcome().decision)
      return
    }
    for (const part of channel.release()) {
      if (this.#placeholders.has(part)) continue
      if (textOf(part) !== '' && !(part.type === 'file' && part.beside === true)) this.#shown = true
      this.#ready.push(part)
    }
  }

  async #finish(choice: number, part: StreamPart): Promise<void> {
    this.#ensureText(choice)
    for (const [key, open] of this.#channels) {
      if (open.choice !== choice) continue
      await this.#close(key, open.channel)
      if (this.stopped) return
    }
    this.#finished.add(choice)
    this.#ready.push(part)
  }

  async #close(key: string, channel: Channel): Promise<void> {
    await channel.end()
    this.#release(channel)
    if (this.stopped) return
    this.#channels.delete(key)
    if (channel.pendingShadows) this.#shadows.add(channel)
    else this.#archive(channel)
  }

  /**
   * The text of a choice that has none: an answer without a word is judged like any other, unless the choice has acted instead.
   */
  #ensureText(choice: number): void {
    const key = `${choice}:text`
    const open = this.#channels.get(key)
    if (this.#acted.has(choice)) {
      if (open?.channel.empty === true) this.#channels.delete(key)
      return
    }
    if (open !== undefined || this.#spoken.has(choice) || this.#finished.has(choice)) return
    const channel = this.#create({ stage: 'output', field: 'response' })
    const nothing: TextDelta = choice === 0 ? { type: 'text', text: '' } : { type: 'text', choice, text: '' }
    this.#placeholders.add(nothing)
    channel.push(nothing)
    this.#channels.set(key, { channel, choice })
  }

  async #file(part: FilePart): Promise<void> {
    if (part.beside !== true) this.#acted.add(part.choice ?? 0)
    if (!isTextual(part.mediaType)) return this.#medium(part)
    const after = this.#context.policy.stream.mode === 'after'
    const channel = this.#create({ stage: 'output', field: 'response', aside: 'file' })
    const key = `file:${part.choice ?? 0}`
    this.#channels.set(key, { channel, choice: part.choice ?? 0 })
    channel.push(part)
    if (after) this.#release(channel)
    await this.#close(key, channel)
  }

  async #medium(part: FilePart): Promise<void> {
    const { governed, outcomes, observers } = judgeFile(part, this.#context)
    if (observers !== null) this.#observe(observers)
    const early = governed && this.#context.policy.stream.mode === 'after'
    if (early) this.#show(part)
    let replacement: string | null = null
    for (const outcome of await outcomes) {
      this.#keep(outcome)
      this.#worst = moreSevere(this.#worst, outcome.decision)
      replacement ??= mediumReplacement(outcome)
    }
    if (this.stopped || early) return
    if (replacement === null) this.#show(part)
    else if (part.beside !== true) await this.#content(inPlaceOf(part, replacement))
  }

  #show(part: FilePart): void {
    if (part.beside !== true) this.#shown = true
    this.#ready.push(part)
  }

  #observe(outcomes: Promise<readonly TextOutcome[]>): void {
    const observer = outcomes
      .then((list) => list.forEach((outcome) => this.#keep(outcome)))
      // Nobody waits for the answer any more.
      .catch(() => undefined)
      .finally(() => this.#observers.delete(observer))
    this.#observers.add(observer)
  }

  #archive(channel: Channel): void {
    for (const warning of channel.warnings()) this.#warnings.add(warning)
    this.#keep(channel.outcome())
  }

  #keep(outcome: TextOutcome): void {
    this.#outcomes = [...this.#outcomes, outcome]
    if (this.#outcomes.length > MOST_OPEN_OUTCOMES) this.#outcomes = mergeOutcomes(this.#outcomes)
  }
}

function channelKey(part: Exclude<ContentPart, FilePart>): string {
  const choice = part.choice ?? 0
  return part.type === 'tool-input' ? `${choice}:tool:${part.call}` : `${choice}:${part.type}`
}

/** What stands for a file that was removed, as a piece of the choice's text. */
function inPlaceOf({ choice }: FilePart, text: string): TextDelta {
  return choice === undefined ? { type: 'text', text } : { type: 'text', choice, text }
}

/** Worked out once for each policy and set of guards. */
const RESTORERS = new WeakMap<RunContext['policy'], { readonly guards: object; readonly list: readonly Restorer[] }>()

/** Guards that replaced something on the way in put it back on the way out, whatever rail they stand in. */
function restorersOf({ policy, judge }: RunContext): readonly Restorer[] {
  const { guards } = judge.parts
  const known = RESTORERS.get(policy)
  if (known?.guards === guards) return known.list
  const names = new Set(Object.values(policy.rails).flatMap((rail) => rail.map((entry) => entry.guard)))
  const list = [...names].flatMap((name) => guards.get(name)?.restore ?? [])
  RESTORERS.set(policy, { guards, list })
  return list
}
