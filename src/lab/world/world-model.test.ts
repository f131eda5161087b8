/** The whole way of the world's model, at a size that runs in seconds: tokenizer, base stage, aligned stage, evaluation. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runtime } from '../../../test/support/nn/run-graph.ts'
import { DecoderGenerator } from '../../nn/decoder/generator.ts'
import { evaluateWorld } from './evaluate.ts'
import { WORLD_KINDS } from './types.ts'
import { type WorldModelOptions, trainWorldModel } from './world-model.ts'

async function options(change: Partial<WorldModelOptions> = {}): Promise<WorldModelOptions> {
  return {
    ...{ runtime: await runtime(), seed: 1, rows: 400, baseSteps: 12, alignedSteps: 6 },
    ...{ vocabularySize: 700, tokensPerStep: 512 },
    shape: { width: 32, layers: 1, heads: 2, keyValueHeads: 2, headWidth: 16, feedForward: 32 },
    ...change,
  }
}

test('learns in two stages, goes on after a stop with the same bits, and is measured on every kind', async () => {
  const stages: string[] = []
  const { base, aligned, tokenizer, history } = await trainWorldModel(
    await options({ onProgress: (stage) => void stages.push(stage) }),
  )
  expect(stages).toEqual(['base', 'aligned'])
  expect(history.aligned.at(-1)?.loss).toBeLessThan(history.base[0]?.loss ?? 0)
  const changed = Object.keys(base.parameters).filter((name) =>
    base.parameters[name]?.data.some((value, at) => value !== aligned.parameters[name]?.data[at]),
  )
  expect(changed).toEqual(Object.keys(base.parameters))

  const folder = mkdtempSync(join(tmpdir(), 'world-'))
  try {
    const checkpoints = { folder, every: 4, resume: true }
    const stop = new AbortController()
    const stopped = await options({ checkpoints, signal: stop.signal, onProgress: () => stop.abort() })
    await expect(trainWorldModel(stopped)).rejects.toMatchObject({ code: 'aborted' })
    const resumed = await trainWorldModel(await options({ checkpoints }))
    expect(resumed.aligned.parameters).toEqual(aligned.parameters)
  } finally {
    rmSync(folder, { recursive: true })
  }

  const generator = await DecoderGenerator.load(await runtime(), aligned.config, aligned.parameters)
  const report = await evaluateWorld(
    async (conversations) => {
      const prompts = conversations.map((messages) => tokenizer.encodeChat(messages, { addGenerationPrompt: true }))
      // The longest prompts of a small vocabulary leave little room for an answer.
      const kept = prompts.map((ids) => ids.slice(-200))
      return (await generator.generate(kept, { maxTokens: 4 })).map(({ ids }) => tokenizer.decode(ids))
    },
    { split: 'selection', perKind: 2, seed: 1 },
  )
  await generator.dispose()
  expect(Object.keys(report.accuracy).toSorted()).toEqual([...WORLD_KINDS].toSorted())
})
