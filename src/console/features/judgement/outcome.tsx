/** The decision at the head of a result or of a recorded decision: what it is, what it means, who decided, how long it took. */
import type { VNode } from 'preact'
import { remedyFor } from '../../data/problem.ts'
import type { GuardResult, Judgement } from '../../data/words.ts'
import { DecisionShape } from '../../ui/decision-mark.tsx'
import { Prose } from '../../ui/prose.tsx'
import { decidersOf } from './deciders.ts'
import { durationText } from '../../ui/numbers.ts'
import { toLine } from '../../ui/visible.ts'
import { meaningOf, toDecision, wordOf } from '../../ui/vocabulary.ts'

interface OutcomeProps {
  readonly judgement: Judgement
  /** Heading level and id, so that a region or dialog can be named by it. */
  readonly id: string
}

export function Outcome({ judgement, id }: OutcomeProps): VNode {
  const decision = toDecision(judgement.decision)
  const shadow = toDecision(judgement.shadowDecision)
  return (
    <div class="outcome" data-decision={decision}>
      <DecisionShape decision={decision} />
      <div>
        <h3 id={id}>{wordOf(decision)}</h3>
        <p>{meaningOf(decision)}</p>
        <p class="decider">
          <Deciders judgement={judgement} />
        </p>
        {shadow === decision ? null : (
          <p class="shadow-note">
            With nothing in shadow it would have been <strong>{wordOf(shadow).toLowerCase()}</strong>.
          </p>
        )}
        {judgement.error === null ? null : (
          <p class="failure">
            <Prose text={judgement.error.message} /> <Prose text={remedyFor(judgement.error.code)} />
          </p>
        )}
      </div>
    </div>
  )
}

function Deciders({ judgement }: { readonly judgement: Judgement }): VNode {
  const decision = toDecision(judgement.decision)
  const deciders = oneEach(decidersOf(decision, judgement.guards))
  // What failed has decided nothing.
  const unjudged = decision === 'error' || decision === 'timeout'
  const whole = <span class="quiet">whole judgement {durationText(judgement.ms)}</span>
  if (deciders.length === 0) {
    return (
      <>
        {decision === 'pass' ? 'No guard objected' : 'No single guard decided'} · {whole}
      </>
    )
  }
  return (
    <>
      {unjudged ? 'Because of ' : 'Decided by '}
      {deciders.map(({ guard, ms }, index) => (
        <>
          {index === 0 ? null : index === deciders.length - 1 ? ' and ' : ', '}
          <strong>
            <bdi>{toLine(guard, 60)}</bdi>
          </strong>
          {unjudged ? ' after ' : ' in '}
          <strong>{durationText(ms)}</strong>
        </>
      ))}{' '}
      · {whole}
    </>
  )
}

/** A guard that decided on several texts is named once, with its fastest. */
export function oneEach(results: readonly GuardResult[]): readonly GuardResult[] {
  return results.filter((result, index) => results.findIndex(({ guard }) => guard === result.guard) === index)
}

/** The decision in one sentence, for reading aloud. */
export function outcomeSentence(judgement: Judgement): string {
  const decision = toDecision(judgement.decision)
  const names = oneEach(decidersOf(decision, judgement.guards)).map(({ guard }) => toLine(guard, 60))
  return `${wordOf(decision)}${names.length === 0 ? '' : ` by ${names.join(' and ')}`}, ${durationText(judgement.ms)}.`
}
