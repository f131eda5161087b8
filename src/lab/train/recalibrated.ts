/** A fast tier's file with calibrations by language, from the held-out rows of its training data. Weights stay byte for byte. */
import { ANY_LANGUAGE, EmbeddedModel, type EmbeddedModelData } from '../../nn/embedded-model.ts'
import { readModelFile, writeModelFile } from '../../nn/model-file.ts'
import { ParapetError } from '../../spec/index.ts'
import { calibrateLanguages } from './calibrate-languages.ts'
import { calibrationRows } from './embedded.ts'
import { toExamples } from './examples.ts'
import type { RecordFile } from './records.ts'
import { HELD_OUT_SET, isHeldOut } from './training-set.ts'

export interface Recalibrated {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly calibration: EmbeddedModelData['calibration']
}

/** `name` is for messages. Throws `engine_unavailable` when the file is damaged, `input_invalid` without held-out rows. */
export function recalibrated(bytes: Uint8Array, name: string, files: readonly RecordFile[]): Recalibrated {
  const before = EmbeddedModel.read(bytes, name).calibration
  const { header, blocks } = readModelFile(bytes, name)
  const { blocks: _, ...rest } = header
  const bare = EmbeddedModel.read(writeModelFile({ ...rest, calibration: {} }, blocks), name)
  const held = files
    .flatMap((file) => file.records.flatMap((record) => toExamples(record, file.name)))
    .filter(isHeldOut)
    .map((example) => ({ example, set: HELD_OUT_SET }))
  if (held.length === 0)
    throw new ParapetError('input_invalid', 'No row of the data was held out of training. Give the training records.')
  const rows = calibrationRows(bare, held)
  const calibration = Object.fromEntries(
    Object.entries(before).flatMap(([output, { [ANY_LANGUAGE]: general }]) =>
      general === undefined
        ? []
        : [[output, { [ANY_LANGUAGE]: general, ...calibrateLanguages(rows.get(output) ?? [], general) }]],
    ),
  )
  return { bytes: writeModelFile({ ...rest, calibration }, blocks), calibration }
}
