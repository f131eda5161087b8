/** The engine over a scripted llama.cpp: what needs no model file that runs. The real one is asked by `integration/llama-cpp/engine.ts`. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CompletionRequest } from '../../src/spec/index.ts'
import type { LlamaCppOptions } from '../../src/engines/llama-cpp/index.ts'
import { createLlamaCppEngine } from '../../src/engines/llama-cpp/index.ts'
import { scriptedLlama } from './scripted-llama.ts'

let folder: string
let gguf: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'parapet-gguf-'))
  gguf = join(folder, 'model.gguf')
  writeFileSync(gguf, 'GGUF and nothing more')
})
afterAll(() => rmSync(folder, { recursive: true }))

function ask(content: string, parts: Partial<CompletionRequest> = {}): CompletionRequest {
  return { chat: { messages: [{ role: 'user', content }] }, completion: null, stop: [], maxTokens: 4, ...parts }
}

const engineWith = (options: Partial<LlamaCppOptions>): ReturnType<typeof createLlamaCppEngine> =>
  createLlamaCppEngine({ gguf, block: 4, ...options })

describe('before anything is loaded', () => {
  test('a missing package is said with what to install', async () => {
    const load = (): Promise<unknown> => Promise.reject(new Error('Cannot find package'))
    const { complete } = engineWith({ load })
    await expect(complete(ask('x'))).rejects.toMatchObject({
      code: 'engine_unavailable',
      message: expect.stringContaining('npm install node-llama-cpp@3'),
    })
    await expect(engineWith({ load: async () => ({}) }).prepare()).rejects.toMatchObject({ code: 'engine_unavailable' })
  })

  test.each<readonly [string, Partial<LlamaCppOptions>, string]>([
    ['no path', { gguf: '' }, 'path of a GGUF file'],
    ['a file that is not there', { gguf: '/nowhere/model.gguf' }, 'no file at /nowhere/model.gguf'],
    ['no threads', { threads: 0 }, 'threads'],
    ['a fraction of a block', { block: 1.5 }, 'block'],
    ['a negative queue', { queue: -1 }, 'queue'],
    ['an empty context', { contextSize: 0 }, 'contextSize'],
    ['an empty template', { chatTemplate: '' }, 'chatTemplate'],
  ])('%s is a wrong setting', (_what, options, words) => {
    expect(() => engineWith(options)).toThrow(
      expect.objectContaining({ code: 'configuration', message: expect.stringContaining(words) }),
    )
  })

  test('a folder is a wrong setting, a file that is no GGUF a damaged one', () => {
    mkdirSync(join(folder, 'hub'), { recursive: true })
    expect(() => engineWith({ gguf: join(folder, 'hub') })).toThrow(/is a folder/)
    for (const [name, text] of [
      ['model.bin', 'PK\u0003\u0004'],
      ['empty.gguf', ''],
    ] as const) {
      writeFileSync(join(folder, name), text)
      expect(() => engineWith({ gguf: join(folder, name) })).toThrow(
        expect.objectContaining({ code: 'engine_unavailable', message: expect.stringContaining('not a GGUF file') }),
      )
    }
  })

  test('another file at the same path is another version', () => {
    const path = join(folder, 'changing.gguf')
    writeFileSync(path, 'GGUF one')
    const { version } = engineWith({ gguf: path })
    writeFileSync(path, 'GGUF another')
    expect(engineWith({ gguf: path }).version).not.toBe(version)
    expect(engineWith({ gguf: path, threads: 2 }).version).not.toBe(engineWith({ gguf: path }).version)
  })
})

describe('a prompt', () => {
  test('is read from where it parts from the one before, in whole blocks', async () => {
    const { llama, load } = scriptedLlama('yes')
    const engine = engineWith({ load })
    const prompt = (text: string): CompletionRequest => ({ ...ask(''), chat: null, completion: text })
    const first = await engine.complete(prompt('aaaabbbbccccdd'))
    expect(first).toMatchObject({ text: 'yes', usage: { promptTokens: 14, cachedTokens: 0, completionTokens: 3 } })
    const second = await engine.complete(prompt('aaaabbbbcXccdd'))
    expect(second.usage).toMatchObject({ promptTokens: 14, cachedTokens: 8 })
    expect(llama.evaluated).toEqual(['aaaa', 'bbbb', 'cccc', 'dd', 'cXcc', 'dd'])
    // What was drawn is never read again as a part of a prompt, nor is a block that was not whole.
    expect((await engine.complete(prompt('aaaabbbbcXccddyes!'))).usage?.cachedTokens).toBe(12)
    // The last token is evaluated anew: its successor is wanted.
    expect((await engine.complete(prompt('aaaabbbb'))).usage?.cachedTokens).toBe(4)
  })

  test('goes to the sequence that keeps most of it', async () => {
    const { load } = scriptedLlama('n')
    const engine = engineWith({ load, sequences: 2 })
    const prompt = (text: string): CompletionRequest => ({ ...ask('', { maxTokens: 1 }), chat: null, completion: text })
    const [one, other] = ['aaaaaaaa', 'bbbbbbbb']
    await Promise.all([engine.complete(prompt(`${one}1`)), engine.complete(prompt(`${other}1`))])
    for (const text of [other, one, other, one])
      expect((await engine.complete(prompt(`${text}2`))).usage?.cachedTokens).toBe(8)
  })

  test('that waits is overtaken by cheaper ones, and not for ever', async () => {
    const { llama, load } = scriptedLlama('n')
    const engine = engineWith({ load, queue: 100 })
    const prompt = (text: string): CompletionRequest => ({ ...ask('', { maxTokens: 1 }), chat: null, completion: text })
    await engine.complete(prompt('aaaa0'))
    llama.evaluated.length = 0
    const asked = [
      'aaaa1',
      'bbbb1',
      ...Array.from({ length: 40 }, (_, index) => `aaaa${String.fromCharCode(65 + index)}`),
    ]
    await Promise.all(asked.map((text) => engine.complete(prompt(text))))
    const place = llama.evaluated.indexOf('bbbb')
    expect(place).toBeGreaterThan(1)
    expect(place).toBeLessThan(40)
  })

  test('through a template keeps control tokens of users as text', async () => {
    const { llama, load } = scriptedLlama('n')
    const engine = engineWith({ load })
    await engine.complete(ask('a<|end|>b', { maxTokens: 1 }))
    const ids = llama.prompts.at(-1) ?? []
    expect(ids.filter((id) => id === llama.control)).toHaveLength(1)
    expect(llama.text(ids)).toBe('user:a<|end|>b<|end|>')
  })

  test('without a chat form and a raw one cannot be asked', async () => {
    const { load } = scriptedLlama('n', { template: null })
    await expect(engineWith({ load }).complete(ask('x'))).rejects.toMatchObject({ code: 'configuration' })
    const own = engineWith({ load, chatTemplate: '{{ messages[0].content }}' })
    expect((await own.complete(ask('x', { maxTokens: 1 }))).text).toBe('n')
  })

  test('is given the variables of its template, those of the question first', async () => {
    const { llama, load } = scriptedLlama('n', { template: '{{ mood }}{{ messages[0].content }}' })
    const engine = engineWith({ load, templateOptions: { mood: 'calm ' } })
    const messages = [{ role: 'user', content: 'x' }] as const
    await engine.complete(ask('x'))
    await engine.complete({ ...ask('x'), chat: { messages, templateOptions: { mood: 'wild ' } } })
    expect(llama.prompts.map(llama.text)).toEqual(['calm x', 'wild x'])
    expect(engine.version).not.toBe(engineWith({ load }).version)
  })

  test('above the context is too large, and an empty one no question', async () => {
    const { load } = scriptedLlama('n', { context: 16 })
    const engine = engineWith({ load })
    for (const content of ['x'.repeat(16), 'x'.repeat(100_000)])
      await expect(engine.complete(ask(content))).rejects.toMatchObject({ details: { reason: 'too_large' } })
    const messages = Array.from({ length: 100_000 }, () => ({ role: 'user', content: '' }) as const)
    await expect(engine.complete({ ...ask(''), chat: { messages } })).rejects.toMatchObject({
      details: { reason: 'too_large' },
    })
    await expect(engine.complete({ ...ask(''), chat: null, completion: '' })).rejects.toMatchObject({
      code: 'input_invalid',
    })
    await expect(engine.complete(ask('x', { maxTokens: 0 }))).rejects.toMatchObject({ code: 'input_invalid' })
  })
})

describe('an answer', () => {
  test('of weights that are no numbers is an error, when the model is loaded and at any token later', async () => {
    const { llama, load } = scriptedLlama('yes')
    const engine = engineWith({ load })
    llama.damaged = true
    await expect(engine.prepare()).rejects.toMatchObject({ code: 'engine_unavailable' })
    llama.damaged = false
    await engine.prepare()
    llama.damaged = true
    await expect(engine.complete(ask('?', { topLogprobs: 2 }))).rejects.toMatchObject({ code: 'engine_unavailable' })
  })

  test('ends at the model’s end, a stop text, the limit or the context', async () => {
    const { load } = scriptedLlama('one two three', { context: 40 })
    const engine = engineWith({ load })
    expect(await engine.complete(ask('?', { maxTokens: 100 }))).toMatchObject({ text: 'one two three', finish: 'stop' })
    expect(await engine.complete(ask('?', { maxTokens: 100, stop: ['', ' three'] }))).toMatchObject({
      text: 'one two',
      finish: 'stop',
    })
    expect(await engine.complete(ask('?', { maxTokens: 5 }))).toMatchObject({ text: 'one t', finish: 'length' })
    expect(await engine.complete(ask('x'.repeat(30), { maxTokens: 100 }))).toMatchObject({ finish: 'length' })
  })

  test('has candidates where they were asked for', async () => {
    const { load } = scriptedLlama('yes')
    const engine = engineWith({ load })
    const { tokens } = await engine.complete(ask('?', { topLogprobs: 2 }))
    expect(tokens?.map(({ token }) => token).join('')).toBe('yes')
    expect(tokens?.[0]?.alternatives).toHaveLength(2)
    expect(tokens?.[0]?.logprob).toBeCloseTo(Math.log(0.75), 9)
    expect((await engine.complete(ask('?'))).tokens).toBeNull()
  })
})

describe('calls', () => {
  test('are taken back by a signal, in the line too, and end at a deadline', async () => {
    const { load } = scriptedLlama('yes')
    const engine = engineWith({ load })
    const gone = AbortSignal.abort()
    await expect(engine.complete(ask('x'), { signal: gone })).rejects.toMatchObject({ code: 'aborted' })
    await expect(engine.complete(ask('x'), { deadline: Date.now() - 1 })).rejects.toMatchObject({
      details: { reason: 'timeout' },
    })
    const controller = new AbortController()
    const [first, waiting] = [engine.complete(ask('x')), engine.complete(ask('y'), { signal: controller.signal })]
    controller.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'aborted' })
    expect((await first).text).toBe('yes')
  })

  test('beyond the line are overloaded, and one that fails leaves the next unharmed', async () => {
    const { llama, load } = scriptedLlama('yes')
    const engine = engineWith({ load, queue: 0 })
    await engine.prepare()
    const [first, second] = [engine.complete(ask('x')), engine.complete(ask('y'))]
    await expect(second).rejects.toMatchObject({ code: 'rate_limited', details: { reason: 'overloaded' } })
    await first
    llama.fail = true
    await expect(engine.complete(ask('z'))).rejects.toMatchObject({ details: { reason: 'server_error' } })
    llama.fail = false
    expect(await engine.complete(ask('x'))).toMatchObject({ text: 'yes', usage: { cachedTokens: 0 } })
  })

  test('do not wait for the model to load when nobody waits for them', async () => {
    const { load } = scriptedLlama('yes')
    let loaded = (): void => undefined
    const gate = new Promise<void>((resolve) => (loaded = resolve))
    const engine = engineWith({ load: () => gate.then(load) })
    const controller = new AbortController()
    const [left, late, patient] = [
      engine.complete(ask('x'), { signal: controller.signal }),
      engine.complete(ask('x'), { deadline: Date.now() + 1 }),
      engine.complete(ask('x')),
    ]
    controller.abort()
    await expect(left).rejects.toMatchObject({ code: 'aborted' })
    await expect(late).rejects.toMatchObject({ details: { reason: 'timeout' } })
    loaded()
    expect((await patient).text).toBe('yes')
  })

  test('end with the engine, while it loads too', async () => {
    const { llama, load } = scriptedLlama('yes')
    const engine = engineWith({ load })
    const call = expect(engine.complete(ask('x'))).rejects.toMatchObject({ code: 'engine_unavailable' })
    await Promise.all([engine.dispose(), engine.dispose()])
    await call
    expect(llama.disposed).toBe(true)
  })

  test('of an engine that is dropped keep its model; then it goes', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const { llama, load } = scriptedLlama('yes')
    const asked = async (): Promise<string> => (await engineWith({ load }).complete(ask('x'))).text
    const { complete } = engineWith({ load: scriptedLlama('no').load })
    expect(await asked()).toBe('yes')
    for (let round = 0; round < 50 && !llama.disposed; round += 1) {
      await turn()
      collect()
    }
    expect(llama.disposed).toBe(true)
    // Held by its function alone.
    expect((await complete(ask('x'))).text).toBe('no')
  })

  test('after dispose are refused', async () => {
    const { llama, load } = scriptedLlama('yes')
    const engine = engineWith({ load })
    await engine.complete(ask('x'))
    await engine.dispose()
    expect(llama.disposed).toBe(true)
    await expect(engine.complete(ask('x'))).rejects.toMatchObject({ code: 'engine_unavailable' })
  })
})
