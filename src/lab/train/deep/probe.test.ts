/** Head models on vectors: what they can learn, what masked labels leave alone, and that a merged ensemble is its members' mean. */
import { beforeAll, describe, expect, test } from 'vitest'
import { expectClose, runtime } from '../../../../test/support/nn/run-graph.ts'
import type { OnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import { createRandom } from '../../../nn/random.ts'
import type { ParameterValues } from '../../../nn/tensor/parameters.ts'
import { headLogits } from './heads.ts'
import { type ProbeOptions, type ProbeRow, exportProbe, trainProbe } from './probe.ts'

/** Points around the four corners of a square; `odd` where the signs differ, `right` on one side. Neither corner alone decides. */
const ROWS: readonly ProbeRow[] = (() => {
  const random = createRandom(5)
  return Array.from({ length: 256 }, (_, index): ProbeRow => {
    const [x, y] = [index % 2 === 0 ? 1 : -1, index % 4 < 2 ? 1 : -1]
    const noise = (): number => 0.4 * (random() - 0.5)
    return {
      vector: Float32Array.of(x + noise(), y + noise(), noise()),
      targets: { odd: x === y ? 0 : 1, right: x > 0 ? 1 : 0 },
      weight: 1,
    }
  })
})()
const CORNERS = [
  [1, 1],
  [-1, 1],
  [1, -1],
  [-1, -1],
].map(([x = 0, y = 0]) => Float32Array.of(x, y, 0))

let ort: OnnxRuntime
beforeAll(async () => {
  ort = await runtime()
})

function options(change: Partial<ProbeOptions> = {}): ProbeOptions {
  return {
    ...{ runtime: ort, rows: ROWS, outputs: ['odd', 'right'], hidden: 12, members: 1, epochs: 20, seed: 1 },
    ...{ learningRate: 0.02, ...change },
  }
}

/** The network in plain arithmetic: ReLU layer, then labels. */
function logitsOf(parameters: ParameterValues, vector: Float32Array): readonly number[] {
  const layer = (name: string, x: readonly number[]): readonly number[] => {
    const bias = parameters[`${name}.bias`]?.data ?? []
    const weight = parameters[`${name}.weight`]?.data ?? []
    return Array.from(bias, (start, column) =>
      x.reduce((sum, value, row) => sum + value * (weight[row * bias.length + column] ?? Number.NaN), start),
    )
  }
  const hidden = layer('hidden', [...vector]).map((value) => Math.max(0, value))
  return layer('labels', hidden)
}

describe('a head model', () => {
  test('learns what no straight line parts, and its int8 file says nearly the same', async () => {
    const losses: number[] = []
    const parameters = await trainProbe(options({ epochs: 300, onEpoch: (_, __, loss) => void losses.push(loss) }))
    expect(losses).toHaveLength(300)
    expect(losses.at(-1)).toBeLessThan(0.4 * (losses[0] ?? 0))
    const logits = await headLogits(ort, exportProbe(parameters), CORNERS)
    expect(logits.map((row) => [...row].map((logit) => logit > 0))).toEqual([
      [false, true],
      [true, false],
      [true, true],
      [false, false],
    ])
    CORNERS.forEach((corner, index) => expectClose(logits[index], logitsOf(parameters, corner), 0.05))
  })

  test('is the mean of its members, each trained by itself', async () => {
    const both = await trainProbe(options({ members: 2 }))
    const first = await trainProbe(options())
    const second = await trainProbe(options({ seed: 1 + MEMBER_SEEDS_APART }))
    const distance = CORNERS.map((corner) => {
      const [one, other, mean] = [first, second, both].map((parameters) => logitsOf(parameters, corner))
      expectClose(
        mean,
        (one ?? []).map((logit, label) => (logit + (other?.[label] ?? Number.NaN)) / 2),
        1e-5,
      )
      return Math.abs((one?.[0] ?? 0) - (other?.[0] ?? 0))
    })
    // Two equal members would make the mean no mean.
    expect(Math.max(...distance)).toBeGreaterThan(1e-3)
  })

  test('leaves a label alone that no row names, and learns from the rows that do', async () => {
    const bias = async (epochs: number, rows: readonly ProbeRow[]): Promise<readonly number[]> => {
      const parameters = await trainProbe(options({ epochs, rows }))
      return [...(parameters['labels.bias']?.data ?? [])]
    }
    const oddOnly = ROWS.map(({ targets, ...row }) => ({ ...row, targets: { odd: targets['odd'] ?? 0 } }))
    const [few, many] = [await bias(2, oddOnly), await bias(20, oddOnly)]
    expect(many[1]).toBe(few[1])
    expect(many[0]).not.toBe(few[0])
    // One row that names it moves it.
    const [first, ...rest] = oddOnly
    const named = [{ ...(first ?? expect.fail('no rows')), targets: { odd: 1, right: 1 } }, ...rest]
    expect((await bias(20, named))[1]).toBeGreaterThan(many[1] ?? Infinity)
  })

  test('heeds weights: rows of weight 0 say nothing', async () => {
    const contrary = ROWS.map(({ vector, targets }) => ({
      ...{ vector, weight: 0 },
      targets: { odd: 1 - (targets['odd'] ?? 0), right: 1 - (targets['right'] ?? 0) },
    }))
    const parameters = await trainProbe(options({ rows: [...ROWS, ...contrary], epochs: 60 }))
    const right = CORNERS.map((corner) => (logitsOf(parameters, corner)[1] ?? 0) > 0)
    expect(right).toEqual([true, false, true, false])
  })

  test('is the same to the byte for the same rows and seed, and another for another seed', async () => {
    const bytes = exportProbe(await trainProbe(options({ members: 2, epochs: 3 })))
    expect(exportProbe(await trainProbe(options({ members: 2, epochs: 3 })))).toEqual(bytes)
    expect(exportProbe(await trainProbe(options({ members: 2, epochs: 3, seed: 2 })))).not.toEqual(bytes)
  })

  test('stops between epochs, and needs rows', async () => {
    const stop = new AbortController()
    const epochs: number[] = []
    const onEpoch = (_: number, epoch: number): void => {
      epochs.push(epoch)
      if (epoch === 1) stop.abort()
    }
    await expect(trainProbe(options({ onEpoch, signal: stop.signal }))).rejects.toMatchObject({ code: 'aborted' })
    expect(epochs).toEqual([0, 1])
    await expect(trainProbe(options({ rows: [] }))).rejects.toMatchObject({ code: 'input_invalid' })
  })
})

/** How the seeds of members follow one another. */
const MEMBER_SEEDS_APART = 7919
