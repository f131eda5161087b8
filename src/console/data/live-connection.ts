/**
 * Keeps a connection to `/v1/decisions/live`: reads it, notices when it falls silent, and connects again with growing pauses.
 *
 * It stops by itself only where asking again is pointless (the key is wrong, the route does not exist). What to do with the
 * decisions is not decided here.
 */
import type { DecisionBody } from '../../contract/index.ts'
import { isJsonObject } from '../../contract/json.ts'
import type { Problem } from './problem.ts'
import { problemFrom } from './problem.ts'
import type { ServerEvent } from './server-events.ts'
import { readServerEvents } from './server-events.ts'
import { isDecisionBody } from './shapes.ts'

/** Where the connection stands. */
export type LiveState =
  | { readonly kind: 'off' }
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** Trouble; it connects again `seconds` after this was told. */
  | { readonly kind: 'waiting'; readonly seconds: number; readonly problem: Problem | null }
  | { readonly kind: 'failed'; readonly problem: Problem }

export interface LiveConnectionOptions {
  readonly open: (signal: AbortSignal) => Promise<ReadableStream<Uint8Array<ArrayBuffer>>>
  readonly onDecision: (decision: DecisionBody) => void
  /** The gateway had to leave out so many, because the page did not take them fast enough. */
  readonly onMissed: (count: number) => void
  readonly onState: (state: LiveState) => void
  /** Called whenever a connection stands, so that what was missed can be read. */
  readonly onOpen: () => void
  /** Waits; rejects when aborted. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>
  /** Milliseconds without a byte after which a connection counts as dead. The gateway sends a comment more often than that. */
  readonly silence?: number
}

export interface LiveConnection {
  start(): void
  stop(): void
  /** Connects now instead of waiting. */
  retry(): void
}

const FIRST_PAUSE = 1000
const LONGEST_PAUSE = 30_000

/** Asking again would get the same answer. */
const FINAL: ReadonlySet<string> = new Set([
  'unauthorized',
  'forbidden',
  'not_found',
  'method_not_allowed',
  'input_invalid',
])

export function createLiveConnection(options: LiveConnectionOptions): LiveConnection {
  const { sleep = pause } = options
  let running: AbortController | null = null
  let waiting: AbortController | null = null

  const run = async (signal: AbortSignal): Promise<void> => {
    for (let pauseMs = FIRST_PAUSE; !signal.aborted; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE)) {
      options.onState({ kind: 'connecting' })
      const outcome = await attempt(options, signal)
      if (signal.aborted) return
      if (outcome.problem !== null && FINAL.has(outcome.problem.code)) {
        options.onState({ kind: 'failed', problem: outcome.problem })
        return
      }
      if (outcome.opened) pauseMs = FIRST_PAUSE
      options.onState({ kind: 'waiting', seconds: Math.ceil(pauseMs / 1000), problem: outcome.problem })
      waiting = new AbortController()
      // Many pages may have lost the same gateway; they come back one by one.
      const jitter = 0.75 + Math.random() / 2
      await sleep(pauseMs * jitter, AbortSignal.any([signal, waiting.signal])).catch(() => undefined)
    }
  }

  const start = (): void => {
    if (running !== null) return
    running = new AbortController()
    const { signal } = running
    void run(signal).finally(() => {
      if (running?.signal === signal) running = null
    })
  }
  return {
    start,
    stop() {
      running?.abort()
      running = null
      options.onState({ kind: 'off' })
    },
    retry() {
      if (running === null) start()
      else waiting?.abort()
    },
  }
}

/** One connection, until it ends in whatever way. */
async function attempt(
  options: LiveConnectionOptions,
  signal: AbortSignal,
): Promise<{ readonly opened: boolean; readonly problem: Problem | null }> {
  const { silence = 60_000 } = options
  const connection = new AbortController()
  let alarm: ReturnType<typeof setTimeout> | undefined
  const onAlive = (): void => {
    clearTimeout(alarm)
    alarm = setTimeout(() => connection.abort(), silence)
  }
  let opened = false
  try {
    onAlive()
    const stream = await options.open(AbortSignal.any([signal, connection.signal]))
    opened = true
    options.onState({ kind: 'live' })
    options.onOpen()
    await readServerEvents(stream, (event) => tell(event, options), onAlive)
    return { opened, problem: null }
  } catch (thrown) {
    return { opened, problem: problemFrom(thrown) }
  } finally {
    clearTimeout(alarm)
    connection.abort()
  }
}

/** Events that are not known are left alone: a newer gateway may have more. */
function tell({ type, data }: ServerEvent, { onDecision, onMissed }: LiveConnectionOptions): void {
  if (type !== 'decision' && type !== 'missed') return
  const body: unknown = JSON.parse(data)
  if (type === 'decision' && isDecisionBody(body)) onDecision(body)
  if (type === 'missed' && isJsonObject(body) && typeof body['missed'] === 'number') onMissed(body['missed'])
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'))
    })
  })
}
