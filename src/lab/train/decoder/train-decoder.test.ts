/** Training of small decoders on conversations: they learn, stop and go on with the same bits, and refuse what cannot be learnt. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { runtime } from '../../../../test/support/nn/run-graph.ts'
import { type DecoderConfig, initialDecoder } from '../../../nn/decoder/config.ts'
import { DecoderGenerator } from '../../../nn/decoder/generator.ts'
import { trainBytePairs } from '../../../nn/tokenizer/byte-level-bpe.ts'
import { CHATML_TEMPLATE, CHATML_TOKENS } from '../../../nn/tokenizer/chat-template.ts'
import { type TextTokenizer, loadTokenizer } from '../../../nn/tokenizer/tokenizer-json.ts'
import { planPass } from './batches.ts'
import { type Conversation, parseConversations } from './conversation.ts'
import { encodeConversation } from './encode.ts'
import { type TrainDecoderOptions, trainDecoder } from './train-decoder.ts'

const folder = mkdtempSync(join(tmpdir(), 'decoder-'))
afterAll(() => rmSync(folder, { recursive: true }))

const ANSWERS = { red: 'kolo', blue: 'mira', green: 'tesu', black: 'vopa' }
const CONVERSATIONS: readonly Conversation[] = Object.entries(ANSWERS).map(([colour, word]) => ({
  messages: [
    { role: 'user', content: `say ${colour}` },
    { role: 'assistant', content: word },
  ],
}))

async function tokenizer(): Promise<TextTokenizer> {
  const texts = CONVERSATIONS.flatMap(({ messages }) => messages.map(({ content }) => content))
  const [begin, end] = CHATML_TOKENS
  return loadTokenizer(
    trainBytePairs(texts, {
      ...{ vocabularySize: 300, specialTokens: [begin, end], endToken: end, padToken: end },
      ...{ chatTemplate: CHATML_TEMPLATE, leastCount: 1 },
    }),
  )
}

async function settings(change: Partial<TrainDecoderOptions> = {}): Promise<TrainDecoderOptions> {
  const text = await tokenizer()
  const config: DecoderConfig = {
    architecture: 'llama',
    ...{ vocabularySize: text.vocabularySize, width: 32, layers: 2, heads: 2, keyValueHeads: 1, headWidth: 16 },
    ...{ feedForward: 48, maxLength: 64, ropeTheta: 10_000, epsilon: 1e-5, tiedEmbeddings: true },
    endTokens: [text.endToken ?? 1],
  }
  return {
    ...{ runtime: await runtime(), config, parameters: initialDecoder(config, 1), seed: 3 },
    sequences: CONVERSATIONS.map((row) => encodeConversation(row, { tokenizer: text, maxLength: 64 }) ?? expect.fail()),
    ...{ steps: 60, learningRate: 1e-2, tokensPerStep: 128 },
    ...change,
  }
}

function bytesOf({ parameters }: TrainDecoderOptions): Buffer {
  return Buffer.concat(
    Object.values(parameters).map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
  )
}

describe('a decoder', () => {
  test('learns what to answer', async () => {
    const options = await settings({ steps: 250 })
    const { history } = await trainDecoder(options)
    expect(history.at(-1)?.loss).toBeLessThan(0.1)
    const text = await tokenizer()
    const generator = await DecoderGenerator.load(options.runtime, options.config, options.parameters)
    const prompts = CONVERSATIONS.map(({ messages }) =>
      text.encodeChat(messages.slice(0, 1), { addGenerationPrompt: true }),
    )
    const answers = await generator.generate(prompts, { maxTokens: 12 })
    await generator.dispose()
    expect(answers.map(({ ids }) => text.decode(ids))).toEqual(Object.values(ANSWERS))
    expect(answers.every(({ end }) => end === 'stop')).toBe(true)
  })

  test('that was stopped goes on, and is the same to the byte', async () => {
    const whole = await settings({ steps: 24 })
    await trainDecoder(whole)
    const checkpoint = { path: join(folder, 'stopped'), every: 5, resume: true }
    const stop = new AbortController()
    const stopped = await settings({
      ...{ steps: 24, checkpoint, signal: stop.signal, progressEvery: 1 },
      onProgress: ({ step }) => step === 11 && stop.abort(),
    })
    await expect(trainDecoder(stopped)).rejects.toMatchObject({ code: 'aborted' })
    const resumed = await settings({ steps: 24, checkpoint, progressEvery: 1 })
    const { history } = await trainDecoder(resumed)
    expect(bytesOf(resumed).equals(bytesOf(whole))).toBe(true)
    expect(history.map(({ step }) => step)).toEqual(Array.from({ length: 24 }, (_, at) => at + 1))
    const other = await settings({ steps: 24, checkpoint, learningRate: 2e-2 })
    await expect(trainDecoder(other)).rejects.toThrow(/belongs to a run with other data or options/)
  })

  test('keeps its weights when an adapter is trained beside them', async () => {
    const options = await settings({
      lora: { rank: 4, alpha: 8, targets: ['mlp.up_proj', 'self_attn.v_proj'] },
      progressEvery: 1,
    })
    const before = bytesOf(options)
    const { adapter, history } = await trainDecoder(options)
    expect(bytesOf(options).equals(before)).toBe(true)
    expect(Object.keys(adapter?.layers ?? {})).toHaveLength(4)
    expect(history.at(-1)?.loss).toBeLessThan((history[0]?.loss ?? 0) - 0.1)
  })

  test('keeps its last checkpoint when the loss is no longer a number', async () => {
    const checkpoint = { path: join(folder, 'nan'), every: 1, resume: false }
    const good = await settings({ steps: 3, checkpoint })
    await trainDecoder(good)
    const kept = readFileSync(checkpoint.path)
    const bad = await settings({ steps: 3, checkpoint })
    bad.parameters['model.norm.weight']?.data.fill(Number.NaN)
    await expect(trainDecoder(bad)).rejects.toThrow(/not finite after 0 steps/)
    expect(readFileSync(checkpoint.path).equals(kept)).toBe(true)
  })

  test('refuses sequences that it cannot learn, before it starts', async () => {
    const { sequences } = await settings()
    const [first = expect.fail()] = sequences
    await expect(trainDecoder(await settings({ sequences: [] }))).rejects.toThrow(/nothing to learn from/)
    const silent = { ids: first.ids, weights: new Float32Array(first.ids.length) }
    await expect(trainDecoder(await settings({ sequences: [silent] }))).rejects.toThrow(/nothing to learn from/)
    const foreign = { ids: Int32Array.of(1, 9999), weights: Float32Array.of(0, 1) }
    await expect(trainDecoder(await settings({ sequences: [foreign] }))).rejects.toThrow(/outside the vocabulary/)
    const long = { ids: new Int32Array(65), weights: new Float32Array(65).fill(1) }
    await expect(trainDecoder(await settings({ sequences: [long] }))).rejects.toThrow(/65 tokens, the model takes 64/)
  })
})

test('exactly the answers and the tokens that end them count', async () => {
  const text = await tokenizer()
  const { ids, weights } =
    encodeConversation(
      {
        weight: 2,
        messages: [
          { role: 'system', content: 'say it' },
          { role: 'user', content: 'say red' },
          { role: 'assistant', content: 'kolo' },
          { role: 'user', content: 'say blue' },
          { role: 'assistant', content: 'mira' },
        ],
      },
      { tokenizer: text, maxLength: 200, promptWeight: 0.25 },
    ) ?? expect.fail()
  const learnt = [...ids].filter((_, at) => weights[at] === 2)
  expect(text.decode(learnt)).toBe('kolo<|im_end|>\nmira<|im_end|>\n')
  expect(new Set(weights)).toEqual(new Set([0, 0.5, 2]))
  expect(encodeConversation(CONVERSATIONS[0] ?? expect.fail(), { tokenizer: text, maxLength: 5 })).toBeUndefined()
})

test('every sequence is in exactly one batch of a pass, in a bucket that fits', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 60 }),
      fc.nat(),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (lengths, seed, share) => {
        const learnt = lengths.map((length) => Math.floor(length * share))
        const options = { lengths, learnt, tokensPerStep: 100, bucketLengths: [16, 48, 90], seed }
        const batches = planPass(options, 1)
        expect(batches.flatMap(({ rows }) => rows).toSorted((a, b) => a - b)).toEqual([...lengths.keys()])
        for (const { bucket, rows } of batches) {
          expect(rows.length).toBeLessThanOrEqual(bucket.batch)
          for (const row of rows) expect(lengths[row]).toBeLessThanOrEqual(bucket.length)
          const needed = rows.reduce((sum, row) => sum + (learnt[row] ?? 0), 0)
          expect(needed).toBeLessThanOrEqual(bucket.learnt ?? bucket.batch * bucket.length)
        }
        // Few sizes: each is a graph of its own.
        expect(new Set(batches.map(({ bucket }) => JSON.stringify(bucket))).size).toBeLessThanOrEqual(3 * 7)
        expect(planPass(options, 1)).toEqual(batches)
      },
    ),
  )
})

test('a bad line of conversations is named', () => {
  const good = JSON.stringify(CONVERSATIONS[0])
  expect(parseConversations(`${good}\n\n${good}`, 'rows.jsonl')).toHaveLength(2)
  const bad = {
    '{"messages": [': /rows\.jsonl, line 2: this is not JSON/,
    '{"text": "x"}': /no list "messages"/,
    '{"messages": [{"role": "tool", "content": "x"}]}': /role "tool"/,
    '{"messages": [{"role": "user", "content": "x"}]}': /no answer of the assistant/,
    '{"messages": [{"role": "assistant", "content": 3}]}': /no text as "content"/,
    '{"messages": [{"role": "assistant", "content": "x"}], "weight": -1}': /weight -1/,
  }
  for (const [line, message] of Object.entries(bad))
    expect(() => parseConversations(`${good}\n${line}`, 'rows.jsonl')).toThrow(message)
})
