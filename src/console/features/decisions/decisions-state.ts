/**
 * The latest decisions: what the gateway has on record, what comes in live, which are wanted, and which one is open.
 *
 * Bounded in memory, live or paused. What comes in is shown in batches, so that a busy gateway does not redraw the page for every
 * decision, and read aloud at most every few seconds, as a count.
 */
import type { ReadonlySignal, Signal } from '@preact/signals'
import { computed, signal } from '@preact/signals'
import type { DecisionBody } from '../../../contract/index.ts'
import type { GatewayClient } from '../../data/gateway.ts'
import type { LiveState } from '../../data/live-connection.ts'
import { createLiveConnection } from '../../data/live-connection.ts'
import type { Memory } from '../../data/memory.ts'
import type { Problem } from '../../data/problem.ts'
import { problemFrom } from '../../data/problem.ts'
import type { Decision } from '../../data/words.ts'
import { DECISIONS } from '../../ui/vocabulary.ts'
import { createArrivals } from './arrivals.ts'
import { MOST_ROWS, addTo, wanted } from './decision-list.ts'

export interface Decisions {
  readonly rows: ReadonlySignal<readonly DecisionBody[]>
  readonly live: ReadonlySignal<LiveState>
  readonly paused: Signal<boolean>
  /** Decisions that came in while paused. */
  readonly waiting: ReadonlySignal<number>
  /** Decisions that this page was too slow to take. */
  readonly missed: ReadonlySignal<number>
  readonly filter: ReadonlySignal<readonly Decision[]>
  /** Reading the record: whether it is under way, what went wrong, whether there is more. */
  readonly loading: ReadonlySignal<boolean>
  readonly problem: ReadonlySignal<Problem | null>
  readonly more: ReadonlySignal<boolean>
  start(): void
  stop(): void
  /** Connects now instead of waiting. */
  retry(): void
  resume(): void
  setFilter(filter: readonly Decision[]): void
  loadOlder(): Promise<void>
  /** Puts a decision that was read again in its place. */
  update(decision: DecisionBody): void
}

export interface DecisionsParts {
  readonly client: Pick<GatewayClient, 'list' | 'live'>
  readonly memory: Memory
  readonly say: (text: string) => void
  readonly onProblem: (problem: Problem) => void
  /** Called when the connection stands again after it was lost. */
  readonly onReturn: () => void
  /** Asked at every start: without a record only what comes in live is shown. */
  readonly recording: () => boolean
}

const PAGE = 50
/** Milliseconds between two redraws. */
const BATCH = 250

export function createDecisions(parts: DecisionsParts): Decisions {
  const { client, memory } = parts
  const rows = signal<readonly DecisionBody[]>([])
  const live = signal<LiveState>({ kind: 'off' })
  const paused = memory.remember('paused', false, (stored) => (typeof stored === 'boolean' ? stored : undefined))
  const filter = memory.remember<readonly Decision[]>('filter', [], readFilter)
  const missed = signal(0)
  const page = createRecordPage(parts, rows, filter)
  const intake = createIntake(parts, rows, paused, filter)
  let lost = false
  const connection = createLiveConnection({
    open: (signal) => client.live(signal),
    onDecision: intake.take,
    onMissed: (count) => void (missed.value += count),
    onOpen() {
      if (lost) parts.onReturn()
      lost = false
      // What is held still stays so; what was missed is read when it goes on.
      if (!paused.value || rows.value.length === 0) void page.refresh()
    },
    onState(state) {
      live.value = state
      lost ||= state.kind === 'waiting'
      if (state.kind === 'failed') parts.onProblem(state.problem)
    },
  })
  return {
    rows: computed(() => rows.value.filter(({ decision }) => wanted(filter.value, decision))),
    live,
    paused,
    waiting: intake.waiting,
    missed,
    filter,
    loading: page.loading,
    problem: page.problem,
    more: page.more,
    start: () => connection.start(),
    stop() {
      connection.stop()
      page.stop()
      intake.drop()
      rows.value = []
      missed.value = 0
    },
    retry: () => connection.retry(),
    resume() {
      paused.value = false
      intake.release()
      void page.refresh()
    },
    setFilter(next) {
      filter.value = next
      intake.refilter()
      void page.restart()
    },
    loadOlder: () => page.older(),
    update: (decision) => {
      if (rows.value.some(({ id }) => id === decision.id)) {
        rows.value = rows.value.map((row) => (row.id === decision.id ? decision : row))
      }
    },
  }
}

interface Intake {
  readonly waiting: ReadonlySignal<number>
  take(decision: DecisionBody): void
  /** Lists what came in while paused. */
  release(): void
  /** Lets go of what waits and is no longer wanted. */
  refilter(): void
  drop(): void
}

/** Takes what comes in live: in batches into the list, or aside while paused. */
function createIntake(
  { say, recording }: DecisionsParts,
  rows: Signal<readonly DecisionBody[]>,
  paused: ReadonlySignal<boolean>,
  filter: ReadonlySignal<readonly Decision[]>,
): Intake {
  const waiting = signal(0)
  let held: readonly DecisionBody[] = []
  let batch: DecisionBody[] = []
  let timer: ReturnType<typeof setTimeout> | null = null
  const announce = createArrivals({
    say,
    visible: () => document.visibilityState === 'visible',
    later: (work, ms) => void setTimeout(work, ms),
  })
  /** With a record only what is wanted is kept; without one, what is filtered away could not be had again. */
  const kept = (decision: string): boolean => !recording() || wanted(filter.value, decision)
  const flush = (): void => {
    timer = null
    const added = batch.filter(({ decision }) => kept(decision))
    batch = []
    if (paused.value) {
      held = addTo(held, added)
      waiting.value += added.length
      return
    }
    rows.value = addTo(rows.value, added)
    announce(added.flatMap(({ decision }) => (wanted(filter.value, decision) ? decision : [])))
  }
  return {
    waiting,
    take(decision) {
      batch.push(decision)
      // A hidden tab's timers are slow; the batch may not grow without end meanwhile.
      if (batch.length > MOST_ROWS) batch = batch.slice(-MOST_ROWS)
      timer ??= setTimeout(flush, BATCH)
    },
    release() {
      rows.value = addTo(rows.value, held)
      held = []
      waiting.value = 0
    },
    refilter() {
      held = held.filter(({ decision }) => kept(decision))
      waiting.value = Math.min(waiting.value, held.length)
    },
    drop() {
      if (timer !== null) clearTimeout(timer)
      timer = null
      batch = []
      held = []
      waiting.value = 0
    },
  }
}

interface RecordPage {
  readonly loading: ReadonlySignal<boolean>
  readonly problem: ReadonlySignal<Problem | null>
  readonly more: ReadonlySignal<boolean>
  /** Reads the newest page; what is older than it and not joined to it is dropped, so that the list has no hole. */
  refresh(): Promise<void>
  /** The same for another filter: only what is newer than the page is kept. */
  restart(): Promise<void>
  older(): Promise<void>
  stop(): void
}

function createRecordPage(
  { client, onProblem, recording }: DecisionsParts,
  rows: Signal<readonly DecisionBody[]>,
  filter: ReadonlySignal<readonly Decision[]>,
): RecordPage {
  const loading = signal(false)
  const problem = signal<Problem | null>(null)
  const cursor = signal<string | null>(null)
  const more = signal(false)
  let call: AbortController | null = null

  const read = async (from: string | null, fresh = false): Promise<void> => {
    if (!recording()) return
    call?.abort()
    const own = new AbortController()
    call = own
    loading.value = true
    try {
      const query = { limit: PAGE, decisions: filter.value, ...(from === null ? {} : { cursor: from }) }
      const { data, next_cursor: next } = await client.list(query, own.signal)
      if (own.signal.aborted) return
      const overlaps = data.some(({ id }) => rows.value.some((row) => row.id === id))
      const joined = !fresh && (from !== null || next === null || overlaps)
      const oldest = data.at(-1)?.at ?? ''
      const kept = joined ? rows.value : rows.value.filter(({ at }) => at >= oldest)
      // After a refresh that joins, the end of the list and its cursor are where they were.
      if (!joined || from !== null) cursor.value = next
      rows.value = addTo(kept, data)
      more.value = cursor.value !== null && rows.value.length < MOST_ROWS
      problem.value = null
    } catch (thrown) {
      if (own.signal.aborted) return
      problem.value = problemFrom(thrown)
      onProblem(problem.value)
    } finally {
      if (call === own) loading.value = false
    }
  }
  return {
    loading,
    problem,
    more,
    refresh: () => read(null),
    restart: () => read(null, true),
    older: () => read(cursor.value),
    stop() {
      call?.abort()
      cursor.value = null
      more.value = false
      problem.value = null
      loading.value = false
    },
  }
}

function readFilter(stored: unknown): readonly Decision[] | undefined {
  if (!Array.isArray(stored)) return undefined
  return DECISIONS.filter((decision) => stored.includes(decision))
}
