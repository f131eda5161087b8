/** A tiny guard taught on invented rows: it serves as a judge with critiques, is written as GGUF, and learns from hard pairs. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTextView } from '../../core/text/index.ts'
import { createJudgeGuard, judgeFormat, type PolicyClause } from '../../guards/judge/index.ts'
import { EMBEDDING, initialDecoder } from '../../nn/decoder/config.ts'
import { DecoderGenerator } from '../../nn/decoder/generator.ts'
import { type OnnxRuntime, loadOnnxRuntime } from '../../nn/runtime/onnx-runtime.ts'
import { trainBytePairs } from '../../nn/tokenizer/byte-level-bpe.ts'
import type { CompletionEngine, CompletionRequest } from '../../spec/index.ts'
import { ResponseScorer } from '../align/index.ts'
import { writeCheckpoint, writeGguf } from '../checkpoints/index.ts'
import {
  CONTROL_TOKENS,
  END_OF_TURN,
  type Guard,
  type GuardedRow,
  alignGuard,
  checkpointOf,
  constantOpinions,
  createRuleTeacher,
  freshGuard,
  guardReasonerPrompt,
  guardTokenizer,
  hardPairs,
  judgeGuardedRows,
  loadGuard,
  mineHardSamples,
  rawChats,
  setFigures,
  startGuard,
  thinkGuardExample,
  trainGuard,
} from './index.ts'

const TRADES: readonly PolicyClause[] = [{ id: 'T1', title: 'Forged papers', hazards: ['S2'] }]
const THINGS = ['a ticket', 'a map', 'a card', 'a letter', 'a stamp', 'a pass']
const NONE = { prompt_harm: null, refusal: null, response_harm: null }
const rows: readonly GuardedRow[] = THINGS.flatMap((thing, at): readonly GuardedRow[] => [
  { id: `f${at}`, source: 'trades', prompt: `Forge ${thing}`, labels: { ...NONE, prompt_harm: true }, hazards: ['S2'] },
  { id: `d${at}`, source: 'trades', prompt: `Draw ${thing}`, labels: { ...NONE, prompt_harm: false }, hazards: [] },
])
const format = judgeFormat('thinkguard', { clauses: TRADES })
const folder = mkdtempSync(join(tmpdir(), 'parapet-guard-'))
afterAll(() => rmSync(folder, { recursive: true }))

let runtime: OnnxRuntime
let guard: Guard
beforeAll(async () => {
  runtime = await loadOnnxRuntime()
  const teacher = createRuleTeacher()
  const examples = []
  for (const row of rows) {
    const unsafe = row.labels.prompt_harm === true
    const { text } = await teacher.critique(
      { row, task: 'prompt_harm', unsafe, broken: unsafe ? TRADES : [], policy: TRADES },
      { attempt: 0 },
    )
    examples.push(thinkGuardExample(row, text, format))
  }
  const shape = { width: 48, layers: 2, heads: 2, maxLength: 512, vocabularySize: 700 }
  const asked = rows.map((row) => ({ id: row.id, parts: [{ text: guardReasonerPrompt(row) }] }))
  guard = await freshGuard(guardTokenizer([...examples, ...asked], shape), shape, 1)
  await trainGuard(guard, examples, {
    runtime,
    seed: 1,
    learningRate: 4e-3,
    passes: 20,
    reduction: 'turn-mean',
    tokensPerStep: 512,
  })
}, 120_000)

/** The guard in this process as the engine of a judge; `asked` sees every request. */
async function engineOf(
  { config, parameters, tokenizer }: Guard,
  asked: CompletionRequest[],
): Promise<CompletionEngine> {
  const generator = await DecoderGenerator.load(runtime, config, parameters)
  return {
    ...{ specVersion: 'v1', kind: 'completion', id: 'tiny', version: '1' },
    async complete(request) {
      asked.push(request)
      const prompt = tokenizer.encode(request.completion ?? '', { special: true })
      const maxTokens = Math.min(request.maxTokens, config.maxLength - prompt.length)
      const [answer] = await generator.generate([prompt], {
        maxTokens,
        stopTokens: [tokenizer.tokenId(END_OF_TURN) ?? 0],
      })
      return { text: tokenizer.decode(answer?.ids ?? []), tokens: null, finish: answer?.end ?? 'length', usage: null }
    },
  }
}

test(
  'serves as a judge: the label in one call, the critique in a second that leaves it alone',
  { timeout: 60_000 },
  async () => {
    const asked: CompletionRequest[] = []
    const judge = createJudgeGuard({ engine: await engineOf(guard, asked), format: 'thinkguard', policy: TRADES })
    const request = (text: string): Parameters<typeof judge.check>[0] => ({
      ...{
        stage: 'input',
        field: 'prompt',
        text: createTextView(text),
        caller: {},
        signal: new AbortController().signal,
      },
    })
    const report = await judge.check(request('Forge a card'))
    expect(asked).toHaveLength(1)
    expect(report.scores).toEqual({ prompt_harm: 1 })
    expect(report.categories).toEqual({ S2: 1 })
    const [critique] = await judge.critiques(report)
    expect(asked).toHaveLength(2)
    expect(critique).toMatchObject({
      text: 'The request is unsafe. It falls under T1 (Forged papers).',
      contradicts: false,
      clauses: [{ id: 'T1' }],
    })
    expect((await judge.check(request('Draw a card'))).scores).toEqual({ prompt_harm: 0 })
  },
)

test('judges rows as it was taught, with probabilities on the right side', { timeout: 60_000 }, async () => {
  const judged = await judgeGuardedRows(guard, rows, { runtime, format, maxTokens: 8 })
  judged.forEach(({ reading, scores }, at) => {
    const harmful = rows[at]?.labels.prompt_harm === true
    expect(reading).toMatchObject({ kind: 'label', labels: { prompt_harm: harmful } })
    expect((scores.prompt_harm ?? Number.NaN) > 0.5).toBe(harmful)
  })
})

test('is written as GGUF with its numbers and its tokenizer', { timeout: 60_000 }, async () => {
  const path = join(folder, 'guard.gguf')
  await writeGguf(path, checkpointOf(guard))
  const bytes = readFileSync(path)
  expect(bytes.subarray(0, 4).toString()).toBe('GGUF')
  // Kept as they are, 32 bits each.
  expect(bytes.includes(Buffer.from(guard.parameters['model.norm.weight']?.data.buffer ?? new ArrayBuffer(1)))).toBe(
    true,
  )
  expect(bytes.includes('<|eot_id|>')).toBe(true)
})

describe('hard pairs', () => {
  const pairs = hardPairs(
    rows.slice(0, 4).map((row) => ({
      ...{ id: row.id, source: row.source, task: 'prompt_harm' as const, right: 3, wrong: 1, weight: 0.8 },
      ...{ chosen: 'a card', rejected: 'a map' },
    })),
    rows,
  )
  /** log p(chosen) - log p(rejected), summed over the pairs. */
  const margin = async (one: Guard): Promise<number> => {
    const tokenizer = rawChats(one.tokenizer)
    const scorer = new ResponseScorer({ runtime, config: one.config, parameters: one.parameters })
    const encoded = pairs.flatMap(({ prompt, chosen, rejected }) =>
      [chosen, rejected].map((content) => {
        const before = tokenizer.encodeChat(prompt as { role: string; content: string }[])
        return { prompt: before, response: tokenizer.encodeChat([{ role: 'assistant', content }]) }
      }),
    )
    const scores = await scorer.score(encoded)
    await scorer.dispose()
    return scores.reduce((sum, score, at) => sum + (at % 2 === 0 ? score : -score), 0)
  }

  test(
    'alignment makes the right outputs likelier than the wrong ones, by the same numbers for the same seed',
    { timeout: 60_000 },
    async () => {
      const aligned = async (): Promise<Guard> => {
        const own = {
          ...guard,
          parameters: Object.fromEntries(
            Object.entries(guard.parameters).map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]),
          ),
        }
        await alignGuard(own, pairs, { runtime, seed: 1, learningRate: 2e-3, passes: 8, batch: 4 })
        return own
      }
      const [one, other] = [await aligned(), await aligned()]
      expect(one.parameters).toEqual(other.parameters)
      expect(await margin(one)).toBeGreaterThan((await margin(guard)) + 1)
    },
  )

  test('a sample of a row that is not there is an error, and so is one output a row', async () => {
    const sample = {
      id: 'none',
      source: 's',
      task: 'prompt_harm' as const,
      right: 1,
      wrong: 1,
      chosen: 'a',
      rejected: 'b',
      weight: 1,
    }
    expect(() => hardPairs([sample], rows)).toThrow('There is no row none')
    const mining = { runtime, samples: 1, temperature: 1, topP: 1, maxTokens: 4, seed: 1 }
    await expect(mineHardSamples(guard, rows, mining)).rejects.toThrow('at least 2 outputs')
  })

  test('prompts are those of the run time', () => {
    const [row] = rows
    if (row === undefined) throw new Error('no row')
    expect(pairs[0]?.prompt).toEqual([{ role: 'user', content: guardReasonerPrompt(row) }])
  })
})

test(
  'a checkpoint without the control tokens is refused as a guard, and can be started from',
  { timeout: 60_000 },
  async () => {
    const tokenizer = trainBytePairs(['red'], { vocabularySize: 260, specialTokens: ['<s>'], endToken: '<s>' })
    const config = {
      ...guard.config,
      maxLength: 4096,
      vocabularySize: 260,
      width: 8,
      heads: 1,
      keyValueHeads: 1,
      headWidth: 8,
      feedForward: 8,
    }
    const other = join(folder, 'other')
    mkdirSync(other)
    await writeCheckpoint(other, { config, parameters: initialDecoder(config, 1), tokenizer })
    await expect(loadGuard(other)).rejects.toThrow('<|eot_id|>')

    // To start from it, they are added: every old token and row is as it was, new rows are the mean of the old.
    const started = await startGuard(other)
    expect(CONTROL_TOKENS.map((token) => started.tokenizer.tokenId(token))).toEqual([257, 258, 259, 260, 261])
    expect(started.tokenizer.encode('red<|eot_id|>', { special: true }).at(-1)).toBe(261)
    expect(started.tokenizer.encode('red<|eot_id|>')).not.toContain(261)
    expect(started.config).toMatchObject({ vocabularySize: 262, endTokens: expect.arrayContaining([261]) as number[] })
    const [before, after] = [initialDecoder(config, 1), started.parameters].map((all) => all[EMBEDDING]?.data)
    expect(after?.slice(0, 257 * 8)).toEqual(before?.slice(0, 257 * 8))
    const mean = [...(before ?? []).slice(0, 257 * 8)].reduce(
      (sum, value, at) => sum + (at % 8 === 3 ? value / 257 : 0),
      0,
    )
    for (const token of [257, 261]) expect(after?.[token * 8 + 3]).toBeCloseTo(mean, 6)
    // It trains, is written, and is a guard like any other.
    const examples = rows.slice(0, 2).map((row) => thinkGuardExample(row, null, format))
    await trainGuard(started, examples, { runtime, seed: 1, learningRate: 1e-3, passes: 0.5, reduction: 'sum' })
    const kept = join(folder, 'kept')
    mkdirSync(kept)
    await writeCheckpoint(kept, checkpointOf(started))
    expect((await loadGuard(kept)).tokenizer.tokenId('<|eot_id|>')).toBe(261)
  },
)

test('a guard whose training can never fit into memory is refused before it begins', async () => {
  const huge = { ...guard, config: { ...guard.config, layers: 1e9 } }
  const call = { runtime, seed: 1, learningRate: 1e-3, passes: 1 }
  await expect(trainGuard(huge, [], { ...call, reduction: 'sum' })).rejects.toThrow('needs at least')
  await expect(alignGuard(huge, [], call)).rejects.toThrow('needs at least')
})

test('what cannot be read counts as flagged, and stands apart', () => {
  const [forged, drawn] = rows as [GuardedRow, GuardedRow]
  const set = { name: 's', task: 'prompt_harm', rows: [forged, forged, drawn, drawn] } as const
  const opinion = { flagged: true, score: 0.9 }
  const figures = setFigures(set, [null, opinion, null, { flagged: false, score: 0.1 }], { resamples: 20, seed: 1 })
  expect(figures).toMatchObject({ unparsable: 2, readable: { rows: 2, positives: 1, f1: 1 } })
  expect(figures.f1.value).toBeCloseTo(0.8, 12)
  const nothing = setFigures(set, [null, null, null, null], { resamples: 20, seed: 1 })
  expect(nothing.readable).toEqual({ rows: 0, positives: 0, f1: null })
  expect(nothing.f1.value).toBe(setFigures(set, constantOpinions(set), { resamples: 20, seed: 1 }).f1.value)
})
