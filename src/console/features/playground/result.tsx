/** What came of judging: the decision with everything behind it, a problem, or, before the first time, who will judge. */
import type { ComponentChildren, VNode } from 'preact'
import type { SessionBody } from '../../../contract/index.ts'
import { Boundary } from '../../ui/boundary.tsx'
import { Facts } from '../../ui/facts.tsx'
import { ProblemNote } from '../../ui/problem-note.tsx'
import { stageWord } from '../../ui/vocabulary.ts'
import { toLine } from '../../ui/visible.ts'
import { JudgementView } from '../judgement/judgement.tsx'
import { PlainText } from '../judgement/marked-text.tsx'
import { Outcome } from '../judgement/outcome.tsx'
import { textsOf } from '../judgement/texts.ts'
import type { Playground, Result } from './playground-state.ts'

export interface ResultProps {
  readonly playground: Playground
  readonly session: SessionBody
  readonly onOpen: (id: string) => void
  /** The form in which somebody says whether the decision was right. */
  readonly feedback: (id: string) => ComponentChildren
}

export function ResultView({ playground, session, onOpen, feedback }: ResultProps): VNode {
  const result = playground.result.value
  return (
    <section class="result" id="result" aria-label="Result" aria-busy={playground.busy.value} tabIndex={-1}>
      {result.kind === 'none' ? <Rails session={session} /> : null}
      {result.kind === 'problem' ? (
        <ProblemNote problem={result.problem}>
          <button type="button" onClick={() => void playground.judge()}>
            Judge again
          </button>
        </ProblemNote>
      ) : null}
      {result.kind === 'judged' ? (
        <Boundary of={result}>
          <Judged result={result} stale={playground.stale.value} recording={session.recording} onOpen={onOpen}>
            {session.recording ? feedback(result.reply.decision_id) : null}
          </Judged>
        </Boundary>
      ) : null}
    </section>
  )
}

interface JudgedProps extends Pick<ResultProps, 'onOpen'> {
  readonly result: Result & { readonly kind: 'judged' }
  readonly stale: boolean
  readonly recording: boolean
  readonly children: ComponentChildren
}

function Judged({ result, stale, recording, onOpen, children }: JudgedProps): VNode {
  const { input, reply } = result
  const id = reply.decision_id
  return (
    <>
      {stale ? <p class="stale">The text has been changed since; this is what was judged before.</p> : null}
      <Outcome judgement={reply} id="result-title" />
      {reply.decision === 'refuse' && reply.text !== undefined ? (
        <div class="texts block">
          <figure class="after">
            <figcaption>The policy’s answer</figcaption>
            <PlainText text={reply.text} />
          </figure>
        </div>
      ) : null}
      <JudgementView judgement={reply} texts={textsOf(input, reply)} />
      <Facts
        facts={[
          {
            name: 'Decision',
            value: recording ? (
              <button type="button" class="link code" onClick={() => onOpen(id)}>
                {toLine(id, 48)}
              </button>
            ) : (
              id
            ),
          },
          { name: 'Policy', value: reply.policyVersion },
        ]}
      />
      {children}
    </>
  )
}

function Rails({ session }: { readonly session: SessionBody }): VNode {
  const stages = Object.entries(session.rails).filter(([, guards]) => guards.length > 0)
  return (
    <div class="empty">
      <p>Nothing judged yet. Write something or choose an example, then judge it.</p>
      {stages.length === 0 ? null : (
        <>
          <h3>Who judges</h3>
          <Facts facts={stages.map(([stage, guards]) => ({ name: railName(stage), value: guards.join(', ') }))} />
        </>
      )}
    </div>
  )
}

const KNOWN = ['input', 'retrieval', 'tool_call', 'tool_result', 'output'] as const

function railName(stage: string): string {
  const known = KNOWN.find((name) => name === stage)
  return known === undefined ? stage : stageWord(known)
}
