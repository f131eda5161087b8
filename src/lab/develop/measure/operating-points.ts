/**
 * What the owner can choose from: the same network at the lines that several shares of false alarms give, each chosen by cross-fitting and
 * measured on the test part. Nothing here looks at the test part to choose.
 */
import { topicLogit } from '../../../nn/topic-model.ts'
import type { OperatingPoint } from '../develop-run.ts'
import type { FeatureMaker } from '../model/encode.ts'
import { chooseOperatingPoint } from '../model/operating-point.ts'
import type { MeasureOptions } from './measure-guard.ts'

const SHARES = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3] as const

export function operatingPoints(
  {
    model,
    split,
    scored,
    falseAlarms,
    threshold,
  }: Pick<MeasureOptions, 'model' | 'split' | 'scored' | 'falseAlarms' | 'threshold'>,
  maker: FeatureMaker,
): readonly OperatingPoint[] {
  const testing = split.test.map((sample) => ({
    label: sample.label,
    logit: topicLogit(model.network, maker.of(sample)),
  }))
  const shares = [...new Set([...SHARES, falseAlarms])].toSorted((one, other) => one - other)
  const edge = Math.log(threshold / (1 - threshold))
  return shares.map((allowed) => {
    const chosen = allowed === falseAlarms
    const { calibration, promise } = chooseOperatingPoint(scored, allowed, threshold)
    const { slope, intercept } = chosen ? model.calibration : calibration
    const flagged = testing.filter(({ logit }) => slope * logit + intercept > edge)
    const count = (rows: readonly { readonly label: 0 | 1 }[], label: 0 | 1): number =>
      rows.filter((row) => row.label === label).length
    return {
      ...{ allowed, chosen, promise, found: count(flagged, 1), offTopic: count(testing, 1) },
      ...{ flagged: count(flagged, 0), onTopic: count(testing, 0) },
    }
  })
}
