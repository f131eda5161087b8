/** Hard samples as JSON Lines, as mining writes them: a pair, its weight, and how often the guard was right and wrong. */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { ParapetError } from '../../../spec/errors.ts'
import type { WeightedHardSample } from '../mining/hard-samples.ts'
import { GUARD_TASKS } from '../rows/guarded-row.ts'

/** Throws `configuration` for a file that cannot be read, `input_invalid` with the first bad line, or for a file without any. */
export function parseHardSamples(path: string): readonly WeightedHardSample[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new ParapetError('configuration', `${path} cannot be read. Mine hard samples first.`, { cause })
  }
  const samples = text.split('\n').flatMap((line, at): readonly WeightedHardSample[] => {
    if (line.trim() === '') return []
    const value = parsed(line)
    if (isSample(value)) return [value]
    throw new ParapetError(
      'input_invalid',
      `${basename(path)}:${at + 1} is no hard sample as mining writes them. Mine again.`,
    )
  })
  if (samples.length === 0)
    throw new ParapetError(
      'input_invalid',
      `${basename(path)} holds no hard sample: the guard was always right or always wrong on each row.`,
    )
  return samples
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function isSample(value: unknown): value is WeightedHardSample {
  const sample = (value ?? {}) as Readonly<Record<string, unknown>>
  const { id, source, task, right, wrong, chosen, rejected, weight } = sample
  return (
    [id, source, chosen, rejected].every((text) => typeof text === 'string' && text !== '') &&
    (GUARD_TASKS as readonly unknown[]).includes(task) &&
    [right, wrong].every((count) => Number.isSafeInteger(count) && (count as number) >= 1) &&
    typeof weight === 'number' &&
    weight >= 0 &&
    weight < Infinity
  )
}
