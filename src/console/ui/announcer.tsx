/** Says things to screen readers without moving the focus. Visible text never depends on it. */
import type { VNode } from 'preact'
import type { ReadonlySignal } from '@preact/signals'
import { signal } from '@preact/signals'

export interface Announcer {
  readonly text: ReadonlySignal<string>
  /** Said when the reader has finished what it is saying. */
  say(text: string): void
}

export function createAnnouncer(): Announcer {
  const text = signal('')
  return {
    text,
    // The same words twice would not be a change; a no-break space makes them one.
    say: (next) => void (text.value = next === text.value ? `${next}\u00a0` : next),
  }
}

export function AnnouncerRegion({ announcer }: { readonly announcer: Announcer }): VNode {
  return (
    <div class="unseen" role="status" aria-live="polite">
      {announcer.text}
    </div>
  )
}
