/**
 * The decision that is looked at. Which one it is stands in the address (`#decision/ID`), so that it can be linked to, survives a
 * reload, and closes with the browser's Back.
 */
import type { ReadonlySignal } from '@preact/signals'
import { signal } from '@preact/signals'
import type { DecisionBody, FeedbackBody, ReviewBody } from '../../../contract/index.ts'
import type { GatewayClient } from '../../data/gateway.ts'
import type { Problem } from '../../data/problem.ts'
import { problemFrom } from '../../data/problem.ts'

/** What is known of the decision that is open. */
export interface OpenDecision {
  readonly id: string
  /** Null until it was read. */
  readonly decision: DecisionBody | null
  readonly problem: Problem | null
  readonly reading: boolean
}

export interface DecisionReader {
  readonly open: ReadonlySignal<OpenDecision | null>
  show(id: string): void
  close(): void
  /** Reads it once more. */
  reload(): Promise<void>
  /** Both answer the problem there was, or null. */
  feedback(id: string, body: FeedbackBody): Promise<Problem | null>
  review(id: string, body: ReviewBody): Promise<Problem | null>
  /** Follows the address of the page from now on. */
  follow(): void
  /** Lets go of what was read, not of the address. */
  forget(): void
}

export interface DecisionReaderParts {
  readonly client: Pick<GatewayClient, 'decision' | 'feedback' | 'review'>
  /** A decision that the list already has, to show while it is read. */
  readonly known: (id: string) => DecisionBody | null
  /** Told of every decision that was read. */
  readonly onRead: (decision: DecisionBody) => void
  readonly onProblem: (problem: Problem) => void
}

const ADDRESS = /^#decision\/([\w.:-]{1,128})$/

export function createDecisionReader(parts: DecisionReaderParts): DecisionReader {
  const { client, known, onRead, onProblem } = parts
  const open = signal<OpenDecision | null>(null)
  let call: AbortController | null = null

  const set = (id: string, change: Partial<OpenDecision>): void => {
    if (open.value?.id === id) open.value = { ...open.value, ...change }
  }
  const took = (id: string, decision: DecisionBody | null): void => {
    if (decision === null) return
    onRead(decision)
    set(id, { decision, problem: null })
  }
  const read = async (id: string): Promise<void> => {
    call?.abort()
    const own = new AbortController()
    call = own
    set(id, { reading: true, problem: null })
    try {
      took(id, await client.decision(id, own.signal))
    } catch (thrown) {
      if (own.signal.aborted) return
      const problem = problemFrom(thrown)
      onProblem(problem)
      // What the list knows is shown; that it cannot be read (yet) matters only where nothing else is there.
      set(id, { problem: problem.code === 'not_found' && open.value?.decision !== null ? null : problem })
    } finally {
      if (!own.signal.aborted) set(id, { reading: false })
    }
  }
  const change = async (id: string, work: () => Promise<DecisionBody | null>): Promise<Problem | null> => {
    try {
      took(id, await work())
      return null
    } catch (thrown) {
      const problem = problemFrom(thrown)
      onProblem(problem)
      if (problem.code === 'conflict') void read(id)
      return problem
    }
  }
  const onAddress = (): void => {
    const id = ADDRESS.exec(location.hash)?.[1] ?? null
    if (id === (open.value?.id ?? null)) return
    call?.abort()
    open.value = id === null ? null : { id, decision: known(id), problem: null, reading: false }
    if (id !== null) void read(id)
  }
  return {
    open,
    show: (id) => void (location.hash = `decision/${id}`),
    close() {
      call?.abort()
      open.value = null
      if (ADDRESS.test(location.hash)) history.replaceState(null, '', location.pathname + location.search)
    },
    reload: async () => {
      if (open.value !== null) await read(open.value.id)
    },
    feedback: (id, body) => change(id, () => client.feedback(id, body)),
    review: (id, body) => change(id, () => client.review(id, body)),
    follow() {
      addEventListener('hashchange', onAddress)
      onAddress()
    },
    forget() {
      removeEventListener('hashchange', onAddress)
      call?.abort()
      open.value = null
    },
  }
}
