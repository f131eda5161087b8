/** Asks for the key of a gateway that has keys. */
import type { VNode } from 'preact'
import { useSignal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import type { SessionStore } from './session-state.ts'

interface KeyFormProps {
  readonly session: SessionStore
  readonly rejected: boolean
}

export function KeyForm({ session, rejected }: KeyFormProps): VNode {
  const key = useSignal('')
  const keep = useSignal(false)
  const wrong = useSignal(
    rejected ? 'This key was not accepted. Look for a missing character, or ask for a new key.' : '',
  )
  const field = useRef<HTMLInputElement>(null)
  useLayoutEffect(() => field.current?.focus(), [])

  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    // What cannot stand in a header cannot be a key.
    if (!/^[\x21-\x7e]{1,4096}$/.test(key.value.trim())) {
      wrong.value = key.value.trim() === '' ? 'Enter a key.' : 'A key holds letters, digits and signs, but no spaces.'
      field.current?.focus()
      return
    }
    void session.unlock(key.value, keep.value)
  }
  return (
    <section class="card key-card" aria-labelledby="key-title">
      <h2 id="key-title">This gateway asks for a key</h2>
      <p>The page shows what your key may see: a caller’s own decisions, or all of them for an operator.</p>
      <form onSubmit={submit} noValidate>
        <label class="field">
          <span>API key</span>
          <input
            ref={field}
            type="password"
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            value={key}
            aria-invalid={wrong.value !== ''}
            aria-describedby="key-wrong"
            onInput={(event) => {
              key.value = event.currentTarget.value
              wrong.value = ''
            }}
          />
        </label>
        <p class="wrong" id="key-wrong" role="alert">
          {wrong}
        </p>
        <label class="tick">
          <input type="checkbox" checked={keep} onChange={(event) => void (keep.value = event.currentTarget.checked)} />
          <span>Keep it in this tab until the tab is closed</span>
        </label>
        <p class="actions">
          <button type="submit" class="primary">
            Open
          </button>
        </p>
      </form>
    </section>
  )
}
