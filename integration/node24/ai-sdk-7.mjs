// The AI SDK 7 (provider interface v4) needs Node 22; the rest of the tests run with version 6. Run with Node 24 after a build:
// checks itself and ends with another code than 0 when something is wrong.
import assert from 'node:assert/strict'
import { generateText, jsonSchema, stepCountIs, streamText, tool, wrapLanguageModel } from 'ai'
import { MockLanguageModelV4, simulateReadableStream } from 'ai/test'
import { createParapet } from '../../dist/compose/index.js'
import { guardMiddleware, guardModel } from '../../dist/integrations/ai-sdk/index.js'

globalThis.AI_SDK_LOG_WARNINGS = false
const policy = {
  parapet: 1,
  guards: { pii: { use: 'pii' }, words: { use: 'rules', phrases: ['zebrawood'] } },
  rails: { input: ['words', 'pii'], tool_call: ['words'], tool_result: ['words', 'pii'], output: ['words', 'pii'] },
  actions: { pii: { action: 'modify' } },
  media: 'pass',
}
const parapet = await createParapet(policy)
const usage = { inputTokens: { total: 1 }, outputTokens: { total: 1 } }

function model(...answers) {
  const calls = []
  const next = (options) => answers[calls.push(options) - 1] ?? []
  const reason = (content) => ({
    unified: content.some(({ type }) => type === 'tool-call') ? 'tool-calls' : 'stop',
    raw: undefined,
  })
  const mock = new MockLanguageModelV4({
    doGenerate: async (options) => {
      const content = next(options)
      return { content, finishReason: reason(content), usage, warnings: [] }
    },
    doStream: async (options) => {
      const content = next(options)
      const chunks = [
        { type: 'stream-start', warnings: [] },
        ...content.flatMap((part, index) =>
          part.type !== 'text'
            ? [part]
            : [
                { type: 'text-start', id: String(index) },
                ...part.text.match(/[^]{1,5}/g).map((delta) => ({ type: 'text-delta', id: String(index), delta })),
                { type: 'text-end', id: String(index) },
              ],
        ),
        { type: 'ping' },
        { type: 'finish', finishReason: reason(content), usage },
      ]
      return { stream: simulateReadableStream({ chunks, initialDelayInMs: null, chunkDelayInMs: null }) }
    },
  })
  return { mock, calls }
}
const say = (text) => ({ type: 'text', text })
const seen = (calls) => JSON.stringify(calls.map(({ prompt }) => prompt))
const checks = {
  'generateText masks both ways': async () => {
    const { mock, calls } = model([say('Write to amy.poe@example.org')])
    const result = await generateText({ model: guardModel(mock, parapet), prompt: 'I am jane.doe@example.org' })
    assert.doesNotMatch(seen(calls), /jane/)
    assert.doesNotMatch(result.text, /amy/)
    assert.equal(
      result.finalStep?.providerMetadata?.parapet?.decision ?? result.providerMetadata?.parapet?.decision,
      'modify',
    )
  },
  'streamText masks, and ends with an error and content-filter': async () => {
    const { mock } = model(
      [say(`mail bob.moe@example.org ${'and so on '.repeat(99)}`)],
      [say(`${'fine '.repeat(300)} zebrawood`)],
    )
    const guarded = guardModel(mock, parapet)
    const text = await streamText({ model: guarded, prompt: 'hi' }).text
    assert.ok(text.endsWith('and so on ') && !text.includes('bob'))
    const errors = []
    const blocked = streamText({ model: guarded, prompt: 'hi', onError: ({ error }) => void errors.push(error.code) })
    await blocked.consumeStream()
    assert.deepEqual([errors, await blocked.finishReason], [['content_filter'], 'content-filter'])
    assert.doesNotMatch(await blocked.text, /zebra/)
  },
  'tools over two steps': async () => {
    const call = { type: 'tool-call', toolCallId: 'c1', toolName: 'look', input: '{"q":"x"}' }
    for (const how of ['generate', 'stream']) {
      const { mock, calls } = model([call], [say('done')])
      const settings = {
        model: guardModel(mock, parapet),
        prompt: 'look',
        stopWhen: stepCountIs(3),
        tools: {
          look: tool({ inputSchema: jsonSchema({ type: 'object' }), execute: () => 'seen zoe.loe@example.org' }),
        },
      }
      const text = how === 'generate' ? (await generateText(settings)).text : await streamText(settings).text
      assert.equal(text, 'done')
      assert.ok(seen(calls).includes('seen ') && !seen(calls).includes('zoe'))
    }
  },
  'as a middleware': async () => {
    const { mock } = model([say('a zebrawood table')])
    const wrapped = wrapLanguageModel({
      model: mock,
      middleware: guardMiddleware(parapet, { onBlock: 'finish', message: 'No.' }),
    })
    const { text, finishReason } = await generateText({ model: wrapped, prompt: 'hi' })
    assert.deepEqual([text, finishReason], ['No.', 'content-filter'])
  },
}
for (const [name, check] of Object.entries(checks)) {
  await check()
  console.log(`ok: ${name}`)
}
await parapet.close()
