/**
 * What survives a reload of the page: kept in the tab's session storage, so that it is gone when the tab is closed and no other
 * tab sees it. Judged texts may be private; nothing is written to permanent storage.
 *
 * Storage may be missing, full or written by another version of the page: then there is simply nothing remembered.
 */
import type { Signal } from '@preact/signals'
import { effect, signal } from '@preact/signals'

/** The part of `Storage` used here. */
export type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

export interface Memory {
  /**
   * A signal whose value survives a reload.
   * @param read turns what was stored into a value, or undefined when it is not one
   */
  remember<T>(name: string, initial: T, read: (stored: unknown) => T | undefined): Signal<T>
  /** Puts every signal back to its initial value and empties the store. */
  forget(): void
}

/** Characters of one value; more is not kept. */
const LIMIT = 500_000
const PREFIX = 'parapet.'

export function createMemory(store: Store | null): Memory {
  const resets: (() => void)[] = []
  return {
    remember(name, initial, read) {
      const key = PREFIX + name
      const remembered = signal(read(load(store, key)) ?? initial)
      effect(() => save(store, key, remembered.value))
      resets.push(() => {
        remembered.value = initial
        store?.removeItem(key)
      })
      return remembered
    },
    forget: () => resets.forEach((reset) => reset()),
  }
}

/** The tab's store, or null where the browser forbids it. */
export function tabStore(): Store | null {
  try {
    return globalThis.sessionStorage
  } catch {
    return null
  }
}

function load(store: Store | null, key: string): unknown {
  try {
    return JSON.parse(store?.getItem(key) ?? 'null') as unknown
  } catch {
    return null
  }
}

function save(store: Store | null, key: string, value: unknown): void {
  try {
    const text = JSON.stringify(value)
    if (text.length > LIMIT) store?.removeItem(key)
    else store?.setItem(key, text)
  } catch {
    // A full store costs the convenience, not the work.
  }
}
