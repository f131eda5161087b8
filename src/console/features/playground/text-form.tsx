/** The playground's form for one text, with an answer, a system prompt and a stage where one wants them. */
import type { VNode } from 'preact'
import { TextField } from '../../ui/text-field.tsx'
import type { RowDraft } from './drafts.ts'
import { STAGES } from './drafts.ts'
import type { Playground } from './playground-state.ts'

export function TextForm({ playground }: { readonly playground: Playground }): VNode {
  const { row, missing } = playground
  const set = (change: Partial<RowDraft>): void => {
    row.value = { ...row.value, ...change }
    missing.value = null
  }
  const { prompt, response, system, stage } = row.value
  const used = [response === '' ? null : 'answer', system === '' ? null : 'system prompt', stage === '' ? null : stage]
  const filled = used.filter((name) => name !== null)
  return (
    <>
      <TextField
        label="Text to judge"
        id="prompt"
        value={prompt}
        rows={5}
        wrong={missing.value}
        onInput={(value) => set({ prompt: value })}
      />
      <details class="more">
        <summary>
          Answer, system prompt, stage
          {filled.length === 0 ? null : <span class="quiet"> — in use: {filled.join(', ')}</span>}
        </summary>
        <TextField
          label="Answer of the model"
          id="response"
          value={response}
          rows={3}
          onInput={(value) => set({ response: value })}
        />
        <TextField
          label="System prompt or task"
          id="system"
          value={system}
          rows={2}
          onInput={(value) => set({ system: value })}
        />
        <label class="field">
          <span>The text is</span>
          <select
            value={stage}
            onChange={(event) => {
              const chosen = STAGES.find(([name]) => name === event.currentTarget.value)
              set({ stage: chosen?.[0] ?? '' })
            }}
          >
            {STAGES.map(([name, label]) => (
              <option key={name} value={name}>
                {label}
              </option>
            ))}
          </select>
        </label>
      </details>
    </>
  )
}
