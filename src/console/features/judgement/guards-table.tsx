/** The guards of a decision: who decided first. */
import type { VNode } from 'preact'
import type { Judgement } from '../../data/words.ts'
import { DecisionShape } from '../../ui/decision-mark.tsx'
import type { GuardGroup } from './deciders.ts'
import { groupGuards } from './deciders.ts'
import { durationText, plural } from '../../ui/numbers.ts'
import { toLine } from '../../ui/visible.ts'
import { guardWord, stageWord, toDecision } from '../../ui/vocabulary.ts'

export function GuardsTable({ judgement }: { readonly judgement: Judgement }): VNode | null {
  const groups = groupGuards(toDecision(judgement.decision), judgement.guards)
  if (groups.length === 0) return null
  const repeated = groups.some(({ runs }) => runs > 1)
  return (
    <section class="block">
      <h4>Guards</h4>
      <table class="guards">
        <thead>
          <tr>
            <th scope="col">Guard</th>
            <th scope="col">Says</th>
            <th scope="col" class="number">
              Time
            </th>
          </tr>
        </thead>
        <tbody>
          {groups.map((group, index) => (
            <GuardRow key={index} group={group} />
          ))}
        </tbody>
      </table>
      {repeated ? (
        <p class="quiet">×n: judged n texts; the time is that of the deciding, else of the slowest.</p>
      ) : null}
    </section>
  )
}

/** Labels of one guard that are listed. */
const MOST_LABELS = 12

function GuardRow({ group }: { readonly group: GuardGroup }): VNode {
  const { guard, stage, decision, labels, ms, runs, cached, shadow, decided, error } = group
  const failed = group.status === 'error' || group.status === 'timeout'
  const shape = failed ? (group.status === 'error' ? 'error' : 'timeout') : decision === 'retry' ? 'refuse' : decision
  return (
    <tr class={decided ? 'decided' : undefined}>
      <th scope="row">
        <bdi>{toLine(guard, 60)}</bdi>
        {runs > 1 ? <span class="quiet"> ×{runs}</span> : null} <span class="stage">{stageWord(stage)}</span>
        {labels.length === 0 ? null : (
          <span class="labels">
            {labels.slice(0, MOST_LABELS).map((label) => (
              <span key={label} class="label">
                {toLine(label, 48)}
              </span>
            ))}
            {labels.length > MOST_LABELS ? (
              <span class="quiet">{plural(labels.length - MOST_LABELS, 'more label')}</span>
            ) : null}
          </span>
        )}
        {error === null ? null : <span class="failure-text">{toLine(error, 200)}</span>}
      </th>
      <td>
        <span class="says">
          <span class="decision plain" data-decision={shape}>
            <DecisionShape decision={shape} />
            {guardWord(group)}
          </span>
          {decided ? <span class="note strong">decided</span> : null}
          {shadow ? <span class="note">shadow</span> : null}
          {cached ? <span class="note">cached</span> : null}
        </span>
      </td>
      <td class="number" title={runs > 1 ? plural(runs, 'text') : undefined}>
        {durationText(ms)}
      </td>
    </tr>
  )
}
