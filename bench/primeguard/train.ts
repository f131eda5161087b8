/**
 * The steered model that the proof is about: the small world's chat model, tuned to carry everything out unless guidelines forbid it, and
 * taught each way of showing it guidelines on the same number of rows. About half an hour of a free core; it is kept for later runs.
 */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MODEL_FILES } from '../../src/engines/embedded/index.ts'
import { packCheckpoint } from '../../src/lab/checkpoints/packed-file.ts'
import { readCheckpoint } from '../../src/lab/checkpoints/read-checkpoint.ts'
import { runSteered } from '../../src/lab/world/run-steered.ts'

export interface TrainSteeredOptions {
  /** Gets the model, `run.json` and `steered.bin`; an unfinished run in it goes on. */
  readonly out: string
  readonly seed: number
  readonly rows: number
  readonly steps: number
  readonly onProgress: (message: string) => void
}

/** The file with the model as int8, as models ship. */
export async function steeredFile(options: TrainSteeredOptions): Promise<string> {
  const { out, onProgress, ...recipe } = options
  const file = join(out, 'steered.bin')
  if (existsSync(file)) return file
  await runSteered({
    ...{ ...recipe, out, from: fileURLToPath(MODEL_FILES.chat), resume: true },
    onProgress: ({ step, steps, loss, itemsPerSecond, secondsLeft }) =>
      onProgress(
        `${step} of ${steps}: loss ${loss.toFixed(3)}, ${Math.round(itemsPerSecond)} tokens/s, ${Math.ceil(secondsLeft)} s left`,
      ),
  })
  writeFileSync(file, packCheckpoint(await readCheckpoint(join(out, 'steered')), { id: 'parapet-steered' }))
  return file
}
