/**
 * Pieces for tests of guarded streams: a clock that is moved by hand, guards that follow a script, sources that misbehave.
 */
import { compilePolicy } from '../../src/core/policy/index.ts'
import type { Judge } from '../../src/core/pipeline/index.ts'
import { createJudge } from '../../src/core/pipeline/index.ts'
import type {
  Clock,
  Finding,
  Guard,
  GuardedPart,
  GuardedStream,
  GuardStream,
  ParapetEvent,
  Policy,
  StreamBuffer,
  StreamPart,
} from '../../src/spec/index.ts'

/** Time moves only when told to. */
export class ManualClock implements Clock {
  #now = 0
  readonly #timers = new Map<number, { readonly at: number; readonly callback: () => void }>()
  #next = 1

  now(): number {
    return this.#now
  }

  setTimeout(callback: () => void, ms: number): unknown {
    this.#timers.set(this.#next, { at: this.#now + ms, callback })
    return this.#next++
  }

  clearTimeout(handle: unknown): void {
    this.#timers.delete(handle as number)
  }

  get pending(): number {
    return this.#timers.size
  }

  /** Moves on and lets everything that follows happen. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms
    for (;;) {
      await drain()
      const due = [...this.#timers].filter(([, { at }]) => at <= until).toSorted((a, b) => a[1].at - b[1].at)[0]
      if (due === undefined) break
      this.#timers.delete(due[0])
      this.#now = Math.max(this.#now, due[1].at)
      due[1].callback()
    }
    this.#now = until
    await drain()
  }
}

/** Runs the microtasks that are waiting, and those they start. */
export async function drain(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve()
  await new Promise((resolve) => setImmediate(resolve))
}

const STAGES = ['input', 'retrieval', 'tool_call', 'tool_result', 'output'] as const

export interface WordOptions extends Partial<Finding> {
  /** Answers a microtask later. */
  readonly later?: boolean
  /** Settles this many characters less than it could. */
  readonly lag?: number
  readonly whole?: boolean
  /** Receives every text that is read. */
  readonly onRead?: (length: number) => void
}

/** Reports every place where one of the words stands, whole and streaming. */
export function wordGuard(id: string, words: readonly string[], options: WordOptions = {}): Guard {
  const { later, lag = 0, whole, onRead, ...finding } = options
  const longest = Math.max(...words.map(({ length }) => length))
  const find = (text: string, offset: number): Finding[] => {
    const found: Finding[] = []
    for (const word of words) {
      for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
        found.push({
          label: `rule.${id}`,
          score: 1,
          span: { start: offset + at, end: offset + at + word.length },
          ...finding,
        })
      }
    }
    return found.toSorted((a, b) => (a.span?.start ?? 0) - (b.span?.start ?? 0))
  }
  const open = (): GuardStream => {
    let from = 0
    const advance = (buffer: StreamBuffer) => {
      const settled = buffer.ended ? buffer.end : Math.max(from, buffer.end - longest + 1 - lag)
      const text = buffer.slice(from)
      onRead?.(text.length)
      const findings = find(text, from).filter(({ span }) => (span?.start ?? 0) < settled)
      from = settled
      return { findings, settled, keep: settled }
    }
    return { advance: (buffer) => (later === true ? Promise.resolve().then(() => advance(buffer)) : advance(buffer)) }
  }
  return {
    specVersion: 'v1',
    id,
    version: '1',
    stages: STAGES,
    maxSpan: longest,
    check: ({ text }) => ({ findings: find(text.original, 0) }),
    ...(whole === true ? {} : { open }),
  }
}

/** A guard whose sessions do as told. */
export function scriptedGuard(id: string, advance: GuardStream['advance'], extra: Partial<Guard> = {}): Guard {
  return {
    specVersion: 'v1',
    id,
    version: '1',
    stages: STAGES,
    maxSpan: 10,
    check: () => ({ findings: [] }),
    open: () => ({ advance }),
    ...extra,
  }
}

export interface Bench {
  readonly judge: Judge
  readonly clock: ManualClock
  readonly events: ParapetEvent[]
}

/** A judge over these guards, each in every rail. */
export function judgeWith(
  guards: readonly Guard[],
  policy: Partial<Policy> = {},
  clock: ManualClock = new ManualClock(),
): Bench {
  const names = guards.map(({ id }) => id)
  const rails = { input: names, retrieval: names, tool_call: names, tool_result: names, output: names }
  const definitions = Object.fromEntries(names.map((name) => [name, { use: name }]))
  const compiled = compilePolicy({ parapet: 1, guards: definitions, rails, ...policy })
  const events: ParapetEvent[] = []
  let count = 0
  const judge = createJudge({
    policy: () => compiled,
    guards: new Map(guards.map((guard) => [guard.id, guard])),
    clock,
    listener: (event) => events.push(event),
    newId: () => `dec_${(count += 1)}`,
  })
  return { judge, clock, events }
}

/** The parts one after the other. */
export async function* partsOf(parts: readonly StreamPart[]): AsyncGenerator<StreamPart> {
  yield* parts
}

export function texts(...pieces: readonly string[]): StreamPart[] {
  return pieces.map((text) => ({ type: 'text', text }))
}

/** A source fed by hand, which remembers whether it was left. */
export class FedSource implements AsyncIterable<StreamPart>, AsyncIterator<StreamPart> {
  left = false
  pulls = 0
  readonly #ready: IteratorResult<StreamPart>[] = []
  #waiter: { resolve: (result: IteratorResult<StreamPart>) => void; reject: (cause: unknown) => void } | null = null

  next(): Promise<IteratorResult<StreamPart>> {
    this.pulls += 1
    const ready = this.#ready.shift()
    if (ready !== undefined) return Promise.resolve(ready)
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject }
    })
  }

  return(): Promise<IteratorResult<StreamPart>> {
    this.left = true
    return new Promise(() => undefined)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  feed(...parts: readonly StreamPart[]): void {
    for (const value of parts) this.#give({ done: false, value })
  }

  end(): void {
    this.#give({ done: true, value: undefined })
  }

  break(cause: unknown): void {
    this.#waiter?.reject(cause)
  }

  #give(result: IteratorResult<StreamPart>): void {
    const waiter = this.#waiter
    this.#waiter = null
    if (waiter === null) this.#ready.push(result)
    else waiter.resolve(result)
  }
}

/** Reads to the end. */
export async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of stream) all.push(item)
  return all
}

/** Reads in the background; what came so far is in `parts`. */
export function reading<T>(stream: GuardedStream<T>): { readonly parts: T[]; readonly done: Promise<void> } {
  const parts: T[] = []
  const done = (async () => {
    for await (const part of stream) parts.push(part)
  })()
  return { parts, done }
}

/** The text of one kind and choice that was shown. */
export function shown(parts: readonly GuardedPart[], type: string = 'text', choice = 0): string {
  return parts
    .filter((part) => part.type === type && ((part as StreamPart).choice ?? 0) === choice)
    .map((part) => (part.type === 'file' ? part.data : 'text' in part ? part.text : ''))
    .join('')
}

/** Cuts a text at the given fractions. */
export function cutAt(text: string, sizes: readonly number[]): string[] {
  const pieces: string[] = []
  let at = 0
  for (let index = 0; at < text.length; index += 1) {
    const size = sizes.length === 0 ? text.length : (sizes[index % sizes.length] ?? 1)
    pieces.push(text.slice(at, at + size))
    at += Math.max(size, 0)
    if (size === 0 && sizes.every((other) => other === 0)) break
  }
  return at < text.length ? [...pieces, text.slice(at)] : pieces
}
