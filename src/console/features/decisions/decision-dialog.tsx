/** One decision in full, in a dialog: the browser keeps the focus in it, Escape and Back close it. */
import type { VNode } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import type { DecisionBody, SessionBody } from '../../../contract/index.ts'
import { Boundary } from '../../ui/boundary.tsx'
import { Facts } from '../../ui/facts.tsx'
import { momentText } from '../../ui/numbers.ts'
import { ProblemNote } from '../../ui/problem-note.tsx'
import { toLine } from '../../ui/visible.ts'
import { Critiques } from '../judgement/critiques.tsx'
import { JudgementView } from '../judgement/judgement.tsx'
import { Outcome } from '../judgement/outcome.tsx'
import { recordedTexts } from '../judgement/texts.ts'
import { FeedbackForm, ReviewForm, reviewText, verdictWord } from './feedback-form.tsx'
import type { DecisionReader, OpenDecision } from './open-decision.ts'

interface DecisionDialogProps {
  readonly reader: DecisionReader
  readonly session: SessionBody
  readonly say: (text: string) => void
}

export function DecisionDialog({ reader, session, say }: DecisionDialogProps): VNode | null {
  const open = reader.open.value
  return open === null ? null : <Dialog key={open.id} open={open} reader={reader} session={session} say={say} />
}

function Dialog({ open, reader, session, say }: DecisionDialogProps & { readonly open: OpenDecision }): VNode {
  const dialog = useRef<HTMLDialogElement>(null)
  useLayoutEffect(() => {
    const before = document.activeElement
    const shown = dialog.current
    shown?.showModal()
    return () => {
      // While it is open, nothing else can take the focus.
      shown?.close()
      // The row may be gone by now; then its list takes the focus.
      const back = before instanceof HTMLElement && before.isConnected && before !== document.body ? before : null
      ;(back ?? document.getElementById('decisions'))?.focus({ preventScroll: true })
    }
  }, [])
  const { decision, problem, reading } = open
  return (
    <dialog
      ref={dialog}
      class="detail"
      aria-labelledby={decision === null ? 'detail-waiting' : 'detail-title'}
      onClose={() => {
        // Another decision may have taken its place meanwhile.
        if (reader.open.value?.id === open.id) reader.close()
      }}
      onClick={(event) => {
        if (event.target === dialog.current) dialog.current?.close()
      }}
    >
      <div class="detail-body">
        <p class="detail-head">
          <span class="code quiet">{toLine(open.id, 60)}</span>
          <button type="button" class="small" onClick={() => dialog.current?.close()}>
            Close
          </button>
        </p>
        {problem === null ? null : (
          <ProblemNote problem={problem}>
            <button type="button" disabled={reading} onClick={() => void reader.reload()}>
              Read again
            </button>
          </ProblemNote>
        )}
        {decision === null ? (
          <p id="detail-waiting">{reading ? 'Reading the decision…' : 'The decision could not be read.'}</p>
        ) : (
          <Boundary of={decision}>
            <Detail decision={decision} reader={reader} session={session} say={say} />
          </Boundary>
        )}
      </div>
    </dialog>
  )
}

function Detail({ decision, reader, session, say }: DecisionDialogProps & { readonly decision: DecisionBody }): VNode {
  const { id, content, critiques, feedback, review, status } = decision
  return (
    <>
      <Outcome judgement={decision} id="detail-title" />
      {status === 'held' && session.role === 'operator' && session.recording ? (
        <ReviewForm id={id} reader={reader} say={say} />
      ) : null}
      <Facts
        facts={[
          { name: 'When', value: <time dateTime={decision.at}>{momentText(decision.at)}</time> },
          { name: 'Door', value: decision.door },
          { name: 'Status', value: statusText(decision) },
          { name: 'Review', value: review === null ? null : reviewText(review) },
          { name: 'Model', value: decision.model },
          { name: 'Application', value: decision.application },
          { name: 'User', value: decision.user },
          { name: 'Conversation', value: decision.conversation },
          { name: 'Key', value: decision.key },
          { name: 'Policy', value: decision.policyVersion },
        ]}
      />
      <JudgementView
        judgement={decision}
        texts={content === null ? [] : recordedTexts(content)}
        textless="The texts are not shown: the policy does not record them, or this key may not read them."
      />
      <Critiques critiques={critiques} />
      {feedback.length === 0 ? null : <FeedbackList decision={decision} />}
      {session.recording ? <FeedbackForm id={id} reader={reader} say={say} /> : null}
    </>
  )
}

function statusText({ status }: DecisionBody): string | null {
  if (status === 'open') return 'answer under way, or cut off'
  return status === 'held' ? 'held' : null
}

function FeedbackList({ decision }: { readonly decision: DecisionBody }): VNode {
  return (
    <section class="block">
      <h4>Feedback</h4>
      <ul class="remarks">
        {decision.feedback.map(({ id, verdict, note, by, at }) => (
          <li key={id}>
            <strong>{verdictWord(verdict)}</strong>
            {by === undefined ? null : (
              <>
                {' by '}
                <bdi>{toLine(by, 60)}</bdi>
              </>
            )}{' '}
            <span class="quiet">{momentText(at)}</span>
            {note === undefined ? null : (
              <p>
                <bdi>{toLine(note, 4000)}</bdi>
              </p>
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}
