/** The playground: write, judge, read what came of it. Ctrl+Enter (or Cmd+Enter) judges from anywhere in the form. */
import type { VNode } from 'preact'
import type { SessionBody } from '../../../contract/index.ts'
import type { Announcer } from '../../ui/announcer.tsx'
import { Choice } from '../../ui/choice.tsx'
import { countText } from '../../ui/numbers.ts'
import { ConversationEditor } from './conversation-editor.tsx'
import { EXAMPLES } from './examples.ts'
import type { Playground } from './playground-state.ts'
import type { ResultProps } from './result.tsx'
import { ResultView } from './result.tsx'
import { TextForm } from './text-form.tsx'

interface PlaygroundViewProps extends Pick<ResultProps, 'onOpen' | 'feedback'> {
  readonly playground: Playground
  readonly session: SessionBody
  readonly announcer: Announcer
}

export function PlaygroundView(props: PlaygroundViewProps): VNode {
  const { playground, session, announcer, onOpen, feedback } = props
  const { mode } = playground
  return (
    <section class="card" id="playground" aria-labelledby="playground-title" tabIndex={-1}>
      <div class="card-head">
        <h2 id="playground-title">Playground</h2>
        <Choice
          legend="What to judge"
          name="mode"
          value={mode.value}
          options={[
            ['text', 'Text'],
            ['conversation', 'Conversation'],
          ]}
          onChange={(value) => void (mode.value = value)}
        />
      </div>
      <Examples playground={playground} />
      <JudgeForm playground={playground} announcer={announcer} />
      <ResultView playground={playground} session={session} onOpen={onOpen} feedback={feedback} />
    </section>
  )
}

function Examples({ playground }: { readonly playground: Playground }): VNode {
  return (
    <div class="examples" role="group" aria-labelledby="examples-title">
      <span id="examples-title" class="quiet">
        Examples
      </span>
      {EXAMPLES.map((example) => (
        <button key={example.name} type="button" class="small" onClick={() => playground.show(example)}>
          {example.name}
        </button>
      ))}
    </div>
  )
}

function JudgeForm({ playground, announcer }: Pick<PlaygroundViewProps, 'playground' | 'announcer'>): VNode {
  const { mode, busy, row, messages } = playground
  const conversation = mode.value === 'conversation'
  const written = conversation
    ? messages.value.reduce((sum, { content }) => sum + content.length, 0)
    : row.value.prompt.length + row.value.response.length
  const judge = (): void => {
    void playground.judge().then(() => {
      if (playground.missing.value !== null) document.getElementById(conversation ? firstText() : 'prompt')?.focus()
    })
  }
  const firstText = (): string => `message-${messages.value[0]?.id ?? 1}-text`
  return (
    <form
      class="judge"
      aria-labelledby="playground-title"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        judge()
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
        event.preventDefault()
        judge()
      }}
    >
      {conversation ? (
        <ConversationEditor playground={playground} announcer={announcer} />
      ) : (
        <TextForm playground={playground} />
      )}
      <div class="actions">
        <button type="submit" class="primary" aria-keyshortcuts="Control+Enter">
          Judge
        </button>
        {busy.value ? (
          <button type="button" onClick={() => playground.cancel()}>
            Cancel
          </button>
        ) : (
          <button type="button" onClick={() => playground.clear()} disabled={written === 0}>
            Clear
          </button>
        )}
        <span class="quiet">{busy.value ? 'Judging…' : <KeyHint characters={written} />}</span>
      </div>
    </form>
  )
}

function KeyHint({ characters }: { readonly characters: number }): VNode {
  return (
    <>
      <kbd>Ctrl</kbd> <kbd>Enter</kbd>
      {characters === 0 ? null : ` · ${countText(characters)} characters`}
    </>
  )
}
