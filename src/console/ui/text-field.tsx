/** A labelled field for a longer text. It grows with what is written, up to a part of the window. */
import type { VNode } from 'preact'

interface TextFieldProps {
  readonly label: string
  readonly id: string
  readonly value: string
  readonly rows: number
  readonly onInput: (value: string) => void
  /** What is wrong with it, to be shown and read with the field. */
  readonly wrong?: string | null
  /** The label is there, but not drawn. */
  readonly labelUnseen?: boolean
}

export function TextField(props: TextFieldProps): VNode {
  const { label, id, value, rows, onInput, wrong = null, labelUnseen = false } = props
  return (
    <div class="field">
      <label for={id} class={labelUnseen ? 'unseen' : undefined}>
        {label}
      </label>
      <textarea
        id={id}
        rows={rows}
        value={value}
        dir="auto"
        autocomplete="off"
        spellcheck={false}
        aria-invalid={wrong !== null}
        aria-describedby={wrong === null ? undefined : `${id}-wrong`}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      {wrong === null ? null : (
        <p class="wrong" id={`${id}-wrong`} role="alert">
          {wrong}
        </p>
      )}
    </div>
  )
}
