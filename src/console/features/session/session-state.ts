/**
 * Who the page is to the gateway: the key in use and what the gateway says it may do.
 *
 * The key is held in memory. Only when the person asks for it is it also put into the tab's session storage, which ends with the
 * tab. It is never shown, and sent nowhere but in the `authorization` header of the gateway's own address.
 */
import type { ReadonlySignal } from '@preact/signals'
import { signal } from '@preact/signals'
import type { SessionBody } from '../../../contract/index.ts'
import type { Store } from '../../data/memory.ts'
import type { Problem } from '../../data/problem.ts'
import { problemFrom } from '../../data/problem.ts'

export type SessionState =
  | { readonly kind: 'opening' }
  | { readonly kind: 'open'; readonly session: SessionBody }
  /** A key is needed; `rejected` when one was given and not accepted. */
  | { readonly kind: 'locked'; readonly rejected: boolean }
  | { readonly kind: 'trouble'; readonly problem: Problem }

export interface SessionStore {
  readonly state: ReadonlySignal<SessionState>
  readonly key: () => string | null
  /** Asks the gateway who we are. */
  open(): Promise<void>
  /** Asks again without closing the page meanwhile: policy, role or record may have changed. */
  refresh(): Promise<void>
  /** Tries a key. `keep`: also for the next reloads of this tab. */
  unlock(key: string, keep: boolean): Promise<void>
  /** Lets go of the key. */
  forget(): void
  /** To be told of every problem of any other call: a key that is no longer accepted locks the page. */
  notice(problem: Problem): void
}

const STORED = 'parapet.key'

export function createSessionStore(ask: () => Promise<SessionBody>, store: Store | null): SessionStore {
  const state = signal<SessionState>({ kind: 'opening' })
  let key = readKey(store)

  const open = async (): Promise<void> => {
    state.value = { kind: 'opening' }
    try {
      state.value = { kind: 'open', session: await ask() }
    } catch (thrown) {
      const problem = problemFrom(thrown)
      if (problem.status !== 401) {
        state.value = { kind: 'trouble', problem }
        return
      }
      state.value = { kind: 'locked', rejected: key !== null }
      drop()
    }
  }
  const refresh = async (): Promise<void> => {
    try {
      const session = await ask()
      if (state.value.kind === 'open') state.value = { kind: 'open', session }
    } catch (thrown) {
      notice(problemFrom(thrown))
    }
  }
  const notice = (problem: Problem): void => {
    if (problem.status !== 401 || state.value.kind !== 'open') return
    drop()
    state.value = { kind: 'locked', rejected: true }
  }
  const drop = (): void => {
    key = null
    writeKey(store, null)
  }
  return {
    state,
    key: () => key,
    open,
    async unlock(given, keep) {
      key = given.trim()
      await open()
      if (state.value.kind === 'open') writeKey(store, keep ? key : null)
    },
    forget() {
      drop()
      state.value = { kind: 'locked', rejected: false }
    },
    refresh,
    notice,
  }
}

function readKey(store: Store | null): string | null {
  try {
    return store?.getItem(STORED) ?? null
  } catch {
    return null
  }
}

function writeKey(store: Store | null, key: string | null): void {
  try {
    if (key === null) store?.removeItem(STORED)
    else store?.setItem(STORED, key)
  } catch {
    // Then the key is asked for again after a reload.
  }
}
