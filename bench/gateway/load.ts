/**
 * Load: closed loop (each connection sends its next request when it has its answer), open loop (requests are due at random times
 * whether or not earlier ones were answered, and latency counts from the due time, so a slow server cannot hide its queue), streams.
 *
 * Every request has a text of its own. An answer counts when it is a 200, or a 400 that says a guard stopped the request (guards have
 * false alarms, on harmless texts too); anything else is counted as failed and in no other figure.
 */
import { Worker } from 'node:worker_threads'
import type { Target } from './client.ts'
import { Connection } from './client.ts'
import { createRandom, requestBody } from './texts.ts'

/** Milliseconds of each answered request, how many of those a guard stopped, and how many were not answered. */
export interface Load {
  readonly latencies: readonly number[]
  readonly stopped: number
  readonly failed: number
  /** Wall-clock time of the whole, milliseconds. */
  readonly ms: number
}

/** What streams brought. */
export interface StreamLoad {
  /** From sending a request to its first content, milliseconds. */
  readonly first: readonly number[]
  readonly events: number
  readonly characters: number
  /** Tokens the model wrote: a gateway may join or mask them, so they are not counted here but known from its name. */
  readonly tokens: number
  readonly failed: number
  readonly ms: number
}

/** Numbers of texts: never used twice in a run. */
let nextText = 0

export interface Bounds {
  /** Requests at most. */
  readonly count: number
  /** Milliseconds at most. */
  readonly ms: number
}

export async function closedLoop(target: Target, concurrency: number, { count, ms }: Bounds): Promise<Load> {
  const tally = new Tally()
  let left = count
  const started = performance.now()
  const worker = async (): Promise<void> => {
    const connection = new Connection(target)
    while (left > 0 && performance.now() - started < ms) {
      left -= 1
      const body = requestBody(nextText++, 'whole', false)
      await tally.send(connection, body, performance.now())
    }
    connection.close()
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  return tally.load(started)
}

/** Arrivals as a Poisson process of `rate` requests a second, drawn from `seed`. */
export async function openLoop(target: Target, rate: number, { count, ms }: Bounds, seed: number): Promise<Load> {
  const random = createRandom(seed)
  const due: number[] = []
  for (let at = 0; due.length < count; due.push(at)) {
    at -= (Math.log(1 - random()) * 1000) / rate
    if (at > ms) break
  }
  const bodies = due.map(() => requestBody(nextText++, 'whole', false))
  const idle: Connection[] = []
  const all: Connection[] = []
  const tally = new Tally()
  const pacer = new Worker(new URL('./pacer.mjs', import.meta.url), { workerData: due })
  await new Promise((resolve) => pacer.once('online', resolve))
  const pending: Promise<void>[] = []
  const started = performance.now()
  const send = async (index: number): Promise<void> => {
    let connection = idle.pop()
    if (connection === undefined) all.push((connection = new Connection(target)))
    await tally.send(connection, bodies[index] ?? '', started + (due[index] ?? 0))
    idle.push(connection)
  }
  await new Promise<void>((resolve) => {
    pacer.on('message', () => {
      pending.push(send(pending.length))
      if (pending.length === due.length) resolve()
    })
    pacer.postMessage(0)
  })
  await Promise.all(pending)
  const load = tally.load(started)
  for (const connection of all) connection.close()
  await pacer.terminate()
  return load
}

/** `concurrency` streams at a time, each of the kind that `model` names. */
export async function streams(
  target: Target,
  model: string,
  concurrency: number,
  { count, ms }: Bounds,
): Promise<StreamLoad> {
  const first: number[] = []
  let events = 0
  let characters = 0
  let failed = 0
  let left = count
  const started = performance.now()
  const worker = async (): Promise<void> => {
    const connection = new Connection(target)
    while (left > 0 && performance.now() - started < ms) {
      left -= 1
      const reader = new EventCounter()
      const body = requestBody(nextText++, model, true)
      const sent = performance.now()
      const answer = await connection.post(body, (piece) => reader.take(piece)).catch(() => null)
      if (answer?.status !== 200 || !reader.ended || reader.firstAt === null) {
        failed += 1
        continue
      }
      first.push(reader.firstAt - sent)
      events += reader.events
      characters += reader.characters
    }
    connection.close()
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  const tokens = first.length * Number(model.split('-')[1])
  return { first, events, characters, tokens, failed, ms: performance.now() - started }
}

/** What became of requests. */
class Tally {
  readonly latencies: number[] = []
  stopped = 0
  failed = 0

  /** @param due from when on the answer is waited for */
  async send(connection: Connection, body: string, due: number): Promise<void> {
    const answer = await connection.post(body).catch(() => null)
    const stopped = answer?.status === 400 && answer.body.includes('"content_filter"')
    if (answer?.status !== 200 && !stopped) {
      this.failed += 1
      return
    }
    this.latencies.push(performance.now() - due)
    if (stopped) this.stopped += 1
  }

  load(started: number): Load {
    const { latencies, stopped, failed } = this
    return { latencies, stopped, failed, ms: performance.now() - started }
  }
}

/** Counts the events with content, and their characters, of a stream of chat completion chunks. */
export class EventCounter {
  firstAt: number | null = null
  events = 0
  characters = 0
  ended = false
  #rest = ''
  readonly #decoder = new TextDecoder()

  take(piece: Buffer): void {
    const text = this.#rest + this.#decoder.decode(piece, { stream: true })
    let from = 0
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n', from)) {
      this.#event(text.slice(from, end))
      from = end + 2
    }
    this.#rest = text.slice(from)
  }

  #event(event: string): void {
    if (event.startsWith('data: [DONE]')) {
      this.ended = true
      return
    }
    const at = event.indexOf('data: ')
    if (at < 0) return
    const chunk = JSON.parse(event.slice(at + 6)) as {
      readonly choices?: readonly { readonly delta?: { readonly content?: string | null } }[]
    }
    const content = chunk.choices?.[0]?.delta?.content ?? ''
    if (content === '') return
    this.firstAt ??= performance.now()
    this.events += 1
    this.characters += content.length
  }
}
