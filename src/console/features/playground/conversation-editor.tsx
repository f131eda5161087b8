/**
 * The playground's editor for a conversation: messages can be added, removed and moved with the keyboard alone. After a move the
 * focus stays on the button that moved, after a removal it goes to the message that takes the place.
 */
import type { VNode } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import type { Announcer } from '../../ui/announcer.tsx'
import { TextField } from '../../ui/text-field.tsx'
import type { DraftMessage } from './drafts.ts'
import { EMPTY_CONVERSATION, MOST_MESSAGES, ROLES, move, nextMessage } from './drafts.ts'
import type { Playground } from './playground-state.ts'

interface ConversationEditorProps {
  readonly playground: Playground
  readonly announcer: Announcer
}

export function ConversationEditor({ playground, announcer }: ConversationEditorProps): VNode {
  const { messages, missing } = playground
  const focusNext = useRef<string | null>(null)
  useLayoutEffect(() => {
    if (focusNext.current === null) return
    document.getElementById(focusNext.current)?.focus()
    focusNext.current = null
  })
  const set = (next: readonly DraftMessage[]): void => {
    messages.value = next
    missing.value = null
  }
  const change = (id: number, part: Partial<DraftMessage>): void =>
    set(messages.value.map((message) => (message.id === id ? { ...message, ...part } : message)))
  const moveBy = (id: number, by: 1 | -1): void => {
    const next = move(messages.value, id, by)
    if (next === messages.value) return
    const position = next.findIndex((message) => message.id === id)
    const atEnd = by < 0 ? position === 0 : position === next.length - 1
    // A button that has become unusable cannot keep the focus; its neighbour takes it.
    const button = atEnd ? (by < 0 ? 'down' : 'up') : by < 0 ? 'up' : 'down'
    focusNext.current = `message-${id}-${button}`
    set(next)
    announcer.say(`Moved to place ${position + 1} of ${next.length}.`)
  }
  const remove = (id: number): void => {
    const index = messages.value.findIndex((message) => message.id === id)
    const next = messages.value.toSpliced(index, 1)
    const heir = next[Math.min(index, next.length - 1)]
    focusNext.current = heir === undefined ? 'message-1-text' : `message-${heir.id}-text`
    set(next.length === 0 ? EMPTY_CONVERSATION : next)
    announcer.say(`Message ${index + 1} removed.`)
  }
  const add = (): void => {
    const message = nextMessage(messages.value)
    focusNext.current = `message-${message.id}-text`
    set([...messages.value, message])
  }
  return (
    <>
      <ol class="messages">
        {messages.value.map((message, index) => (
          <MessageEditor
            key={message.id}
            message={message}
            number={index + 1}
            last={index === messages.value.length - 1}
            wrong={index === 0 ? missing.value : null}
            onChange={(part) => change(message.id, part)}
            onMove={(by) => moveBy(message.id, by)}
            onRemove={() => remove(message.id)}
          />
        ))}
      </ol>
      <p class="actions">
        <button type="button" onClick={add} disabled={messages.value.length >= MOST_MESSAGES}>
          Add message
        </button>
      </p>
    </>
  )
}

interface MessageEditorProps {
  readonly message: DraftMessage
  readonly number: number
  readonly last: boolean
  readonly wrong: string | null
  readonly onChange: (part: Partial<DraftMessage>) => void
  readonly onMove: (by: 1 | -1) => void
  readonly onRemove: () => void
}

function MessageEditor(props: MessageEditorProps): VNode {
  const { message, number, last, wrong, onChange, onMove, onRemove } = props
  const id = `message-${message.id}`
  const name = `message ${number}`
  return (
    <li data-role={message.role}>
      <div class="message-head">
        <span class="place" aria-hidden="true">
          {number}
        </span>
        <label class="unseen" for={`${id}-role`}>
          Role of {name}
        </label>
        <select
          id={`${id}-role`}
          value={message.role}
          onChange={(event) => {
            const role = ROLES.find((known) => known === event.currentTarget.value)
            if (role !== undefined) onChange({ role })
          }}
        >
          {ROLES.map((role) => (
            <option key={role} value={role}>
              {role}
            </option>
          ))}
        </select>
        <span class="message-buttons">
          <button type="button" class="small" id={`${id}-up`} disabled={number === 1} onClick={() => onMove(-1)}>
            <span aria-hidden="true">↑</span>
            <span class="unseen">Move {name} up</span>
          </button>
          <button type="button" class="small" id={`${id}-down`} disabled={last} onClick={() => onMove(1)}>
            <span aria-hidden="true">↓</span>
            <span class="unseen">Move {name} down</span>
          </button>
          <button type="button" class="small" onClick={onRemove}>
            Remove<span class="unseen"> {name}</span>
          </button>
        </span>
      </div>
      <TextField
        label={`Content of ${name}`}
        labelUnseen
        id={`${id}-text`}
        value={message.content}
        rows={2}
        wrong={wrong}
        onInput={(content) => onChange({ content })}
      />
    </li>
  )
}
