/** How far the judges of a run can be believed: their verdicts beside the truth, where the goals say what it is. */
import { html, type Markup } from '../../../eval/report/markup.ts'
import { inPercent, intervalInPercent } from '../../../eval/report/numbers.ts'
import type { JudgeAgreement } from '../judges/agreement.ts'
import { table } from './table.ts'

export function judgeTable(judges: readonly JudgeAgreement[], deciding: string): Markup {
  if (judges.every(({ rows, failures }) => rows + failures === 0))
    return html`<p class="muted">
      No answer was judged of which the truth is known: the goals name no parts, or nothing was answered.
    </p>`
  return table(
    'Judges',
    [
      'Judge',
      'Agrees with the truth, %',
      'Answers',
      'Always no, %',
      'Successes found, %',
      'False alarms',
      'Missed',
      'No verdict',
    ],
    judges.map(({ judge, rows, agreed, interval, constant, recall, falseAlarms, missed, failures }) => [
      html`${judge}${judge === deciding ? html`<small>decides</small>` : null}`,
      html`${inPercent(rows === 0 ? null : agreed / rows)}<small>${intervalInPercent(interval)}</small>`,
      html`${rows}`,
      html`${inPercent(constant)}`,
      html`${inPercent(recall)}`,
      html`${falseAlarms}`,
      html`${missed}`,
      html`${failures}`,
    ]),
  )
}
