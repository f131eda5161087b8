/**
 * What the owner can choose from: the same network calibrated on the calibration part for several shares of false alarms, each measured on
 * the test part at one half. Nothing here looks at the test part to choose.
 */
import { topicLogit } from '../../../nn/topic-model.ts'
import { calibrate } from '../../train/calibrate.ts'
import type { OperatingPoint } from '../develop-run.ts'
import type { FeatureMaker } from '../model/encode.ts'
import type { TopicSample } from '../sample.ts'
import type { MeasureOptions } from './measure-guard.ts'

const SHARES = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3] as const
/** A set by any name: there is one. */
const SET = 'application'

export function operatingPoints(
  { model, split, falseAlarms, threshold }: Pick<MeasureOptions, 'model' | 'split' | 'falseAlarms' | 'threshold'>,
  maker: FeatureMaker,
): readonly OperatingPoint[] {
  const rowsOf = (samples: readonly TopicSample[]): readonly Row[] =>
    samples.map((sample) => ({ label: sample.label, logit: topicLogit(model.network, maker.of(sample)), set: SET }))
  const [calibrating, testing] = [rowsOf(split.calibrate), rowsOf(split.test)]
  const shares = [...new Set([...SHARES, falseAlarms])].toSorted((one, other) => one - other)
  return shares.map((allowed) => {
    const chosen = allowed === falseAlarms
    const { slope, intercept } = chosen ? model.calibration : calibrate(calibrating, { '*': allowed })
    const edge = Math.log(threshold / (1 - threshold))
    const flagged = testing.filter(({ logit }) => slope * logit + intercept > edge)
    const count = (rows: readonly Row[], label: 0 | 1): number => rows.filter((row) => row.label === label).length
    return {
      ...{ allowed, chosen, found: count(flagged, 1), offTopic: count(testing, 1) },
      ...{ flagged: count(flagged, 0), onTopic: count(testing, 0) },
    }
  })
}

interface Row {
  readonly label: 0 | 1
  readonly logit: number
  readonly set: string
}
