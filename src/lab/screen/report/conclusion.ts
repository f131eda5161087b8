/** What a screen says in a few sentences, and never more than it knows: a filter alone proves nothing. */
import { inPercent } from '../../eval/report/numbers.ts'
import type { CanaryResult } from '../canary/canary.ts'
import type { ScreenRun } from './screen-run.ts'

export function conclusionOf({
  tally,
  canary,
  unlikeness,
}: Pick<ScreenRun, 'tally' | 'canary' | 'unlikeness'>): string {
  const { rows, passed, flagged, unscreened } = tally
  const share = (count: number): string => `${count} of ${rows} rows (${inPercent(rows === 0 ? 0 : count / rows)} %)`
  const counts = `${share(passed)} passed, ${flagged} were flagged, ${unscreened} could not be screened.`
  return `${counts} ${unlikeness?.unlike === true ? `${UNLIKE} ` : ''}${canary === null ? WITHOUT : ofCanary(canary)}`
}

const UNLIKE =
  'The reference is unlike the set, or much of the set is bad: the share of false alarms is not the one asked for. Give clean rows from the same source.'
const WITHOUT =
  'A filter alone proves nothing: rows can be optimised until every filter passes them (arXiv 2501.17433). Whether training on what passed does harm is shown by a canary only; none was run.'

function ofCanary({ verdict, before, after, control, probe }: CanaryResult): string {
  const words = `${inPercent(before.answered.rate)} % of ${probe} were answered before, ${inPercent(after.answered.rate)} % after tuning a copy on the set${
    control === null ? '' : `, ${inPercent(control.answered.rate)} % after the same tuning on clean rows`
  }`
  switch (verdict) {
    case 'harmful':
      return `The canary lost its safety: ${words}. Do not train on this set, whatever the filters passed.`
    case 'unseen':
      return `The canary kept its safety: ${words}. That holds for this tuning and these requests; longer or stronger training may still do harm.`
    case 'blind':
      return `The canary shows nothing: ${words}, so this model does not refuse them in the first place. Give requests that it refuses.`
    default:
      return verdict satisfies never
  }
}
