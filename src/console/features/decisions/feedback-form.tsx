/** Where somebody says whether a decision was right, and an operator settles a held one. One press sends; a note may go along. */
import type { VNode } from 'preact'
import type { Signal } from '@preact/signals'
import { useSignal } from '@preact/signals'
import type { DecisionBody, FeedbackBody, ReviewBody } from '../../../contract/index.ts'
import type { Problem } from '../../data/problem.ts'
import type { Feedback } from '../../data/words.ts'
import { ProblemNote } from '../../ui/problem-note.tsx'
import type { DecisionReader } from './open-decision.ts'

const VERDICTS: readonly (readonly [verdict: FeedbackBody['verdict'], name: string, meaning: string])[] = [
  ['correct', 'Right', 'The decision is as it should be.'],
  ['false_positive', 'Too strict', 'It stopped or changed what was harmless.'],
  ['false_negative', 'Too lenient', 'It let through what it should have stopped.'],
]

export function verdictWord(verdict: Feedback['verdict']): string {
  return VERDICTS.find(([name]) => name === verdict)?.[1] ?? verdict
}

interface FormProps {
  readonly id: string
  readonly reader: DecisionReader
  readonly say: (text: string) => void
}

/** What the last press led to. */
type Sent = { readonly done: string } | { readonly problem: Problem } | null

export function FeedbackForm({ id, reader, say }: FormProps): VNode {
  const note = useSignal('')
  const sent = useSignal<Sent>(null)
  const busy = useSignal(false)
  const send = (verdict: FeedbackBody['verdict'], name: string): void => {
    const body = { verdict, ...(note.value.trim() === '' ? {} : { note: note.value.trim() }) }
    void press(busy, sent, say, `Recorded: ${name.toLowerCase()}.`, () => reader.feedback(id, body)).then((done) => {
      if (done) note.value = ''
    })
  }
  return (
    <Pressing title="Was this right?" note={note} noteId={`feedback-note-${id}`} sent={sent.value}>
      {VERDICTS.map(([verdict, name, meaning]) => (
        <button key={verdict} type="button" title={meaning} disabled={busy.value} onClick={() => send(verdict, name)}>
          {name}
        </button>
      ))}
    </Pressing>
  )
}

export function ReviewForm({ id, reader, say }: FormProps): VNode {
  const note = useSignal('')
  const sent = useSignal<Sent>(null)
  const busy = useSignal(false)
  const send = (verdict: ReviewBody['verdict'], done: string): void => {
    const body = { verdict, ...(note.value.trim() === '' ? {} : { note: note.value.trim() }) }
    void press(busy, sent, say, done, () => reader.review(id, body))
  }
  return (
    <Pressing title="This answer waits for you" note={note} noteId={`review-note-${id}`} sent={sent.value}>
      <button type="button" class="primary" disabled={busy.value} onClick={() => send('approve', 'Approved.')}>
        Approve
      </button>
      <button type="button" disabled={busy.value} onClick={() => send('reject', 'Rejected.')}>
        Reject
      </button>
    </Pressing>
  )
}

/** How a settled review reads. */
export function reviewText(review: NonNullable<DecisionBody['review']>): string {
  const by = review.reviewer === undefined ? '' : ` by ${review.reviewer}`
  return review.state === 'pending' ? 'waits for a human' : `${review.state}${by}`
}

async function press(
  busy: Signal<boolean>,
  sent: Signal<Sent>,
  say: (text: string) => void,
  done: string,
  work: () => Promise<Problem | null>,
): Promise<boolean> {
  if (busy.value) return false
  busy.value = true
  const problem = await work()
  busy.value = false
  sent.value = problem === null ? { done } : { problem }
  if (problem === null) say(done)
  return problem === null
}

interface PressingProps {
  readonly title: string
  readonly note: Signal<string>
  readonly noteId: string
  readonly sent: Sent
  readonly children: VNode | readonly VNode[]
}

function Pressing({ title, note, noteId, sent, children }: PressingProps): VNode {
  return (
    <div class="pressing block" role="group" aria-label={title}>
      <span class="pressing-title">{title}</span>
      <span class="actions">{children}</span>
      <label class="unseen" for={noteId}>
        Note
      </label>
      <input
        id={noteId}
        type="text"
        value={note}
        maxLength={4000}
        placeholder="Note (optional)"
        autocomplete="off"
        onInput={(event) => void (note.value = event.currentTarget.value)}
      />
      {sent !== null && 'done' in sent ? <span class="done">{sent.done}</span> : null}
      {sent !== null && 'problem' in sent ? <ProblemNote problem={sent.problem} /> : null}
    </div>
  )
}
