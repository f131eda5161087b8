// The processor in agents of the real Mastra, which needs Node 22.13 or later, with models that follow a script.
import assert from 'node:assert/strict'
import { Agent } from '@mastra/core/agent'
import { noopLogger } from '@mastra/core/logger'
import { BatchPartsProcessor } from '@mastra/core/processors'
import { createTool } from '@mastra/core/tools'
import { guardModel } from 'parapet/ai-sdk'
import { guardProcessor } from 'parapet/mastra'
import { z } from 'zod'
import { careful, everywhere, failing, INJECTION, late, SECRET } from './parapets.mjs'

const usage = { inputTokens: 1, outputTokens: 1, totalTokens: 2 }

/** A model of the AI SDK's interface v2 that says what its script says, in pieces. */
function scripted(...script) {
  const prompts = []
  const partsOf = () => {
    const parts = script[prompts.length - 1] ?? say('')
    const finishReason = parts.some(({ type }) => type === 'tool-call') ? 'tool-calls' : 'stop'
    return [{ type: 'stream-start', warnings: [] }, ...parts, { type: 'finish', finishReason, usage }]
  }
  const model = {
    specificationVersion: 'v2',
    provider: 'scripted',
    modelId: 'scripted-1',
    supportedUrls: {},
    doGenerate: ({ prompt }) => {
      prompts.push(structuredClone(prompt))
      const parts = partsOf()
      const textOf = (kind) => parts.flatMap(({ type, delta }) => (type === `${kind}-delta` ? delta : [])).join('')
      const content = [
        ...(textOf('text') === '' ? [] : [{ type: 'text', text: textOf('text') }]),
        ...parts.filter(({ type }) => type === 'tool-call'),
      ]
      return Promise.resolve({ content, finishReason: parts.at(-1).finishReason, usage, warnings: [] })
    },
    doStream: ({ prompt }) => {
      prompts.push(structuredClone(prompt))
      const parts = partsOf()
      const start = (controller) => {
        for (const part of parts) controller.enqueue(part)
        controller.close()
      }
      return Promise.resolve({ stream: new ReadableStream({ start }) })
    },
  }
  return { model, prompts }
}
const block = (kind, text, id = kind) => [
  { type: `${kind}-start`, id },
  ...(text.match(/[^]{1,7}/g) ?? []).map((delta) => ({ type: `${kind}-delta`, id, delta })),
  { type: `${kind}-end`, id },
]
const say = (text) => block('text', text)
const call = (q, toolCallId = 'c1') => [
  { type: 'tool-input-start', id: toolCallId, toolName: 'look' },
  { type: 'tool-input-delta', id: toolCallId, delta: JSON.stringify({ q }) },
  { type: 'tool-input-end', id: toolCallId },
  { type: 'tool-call', toolCallId, toolName: 'look', input: JSON.stringify({ q }) },
]
const look = (answer) => {
  const ran = []
  const made = createTool({
    id: 'look',
    description: 'Looks something up.',
    inputSchema: z.object({ q: z.string() }),
    execute: async ({ q }) => {
      ran.push(q)
      return answer
    },
  })
  return { tools: { look: made }, ran }
}
const agentWith = (model, parapet = careful, { options, before = [], after = [], ...settings } = {}) => {
  const guard = guardProcessor(parapet, options)
  const agent = new Agent({
    id: 'clerk',
    name: 'clerk',
    instructions: 'Help.',
    model,
    inputProcessors: [...before, guard],
    outputProcessors: [guard, ...after],
    ...settings,
  })
  agent.__setLogger(noopLogger)
  return agent
}
const seen = ({ prompts }) => JSON.stringify(prompts)
async function streamOf(agent, input = 'hi') {
  const stream = await agent.stream(input)
  const chunks = []
  for await (const chunk of stream.fullStream) chunks.push(chunk)
  const text = chunks.flatMap(({ type, payload }) => (type === 'text-delta' ? payload.text : [])).join('')
  return { stream, chunks, text, tripwire: chunks.find(({ type }) => type === 'tripwire')?.payload }
}
const withoutNoise = (chunks) => {
  const noise = new Set(['runId', 'messageId', 'createdAt', 'timestamp', 'startedAt', 'id', 'messageList'])
  return JSON.parse(JSON.stringify(chunks, (key, value) => (noise.has(key) ? undefined : value)))
}

export const checks = {
  'a benign run is untouched, chunk by chunk': async () => {
    const script = [
      [...block('reasoning', 'let me look'), ...call('the weather')],
      say('It is sunny, and it will be sunny tomorrow.'),
    ]
    const bare = new Agent({
      id: 'clerk',
      name: 'clerk',
      instructions: 'Help.',
      model: scripted(...script).model,
      tools: look({ sky: 'blue' }).tools,
      outputProcessors: [{ id: 'none', processOutputStream: ({ part }) => part }],
    })
    const without = await streamOf(bare, 'How is the weather?')
    const { model, prompts } = scripted(...script)
    const guarded = await streamOf(
      agentWith(model, careful, { tools: look({ sky: 'blue' }).tools }),
      'How is the weather?',
    )
    const joined = (chunks) => {
      const all = []
      for (const chunk of withoutNoise(chunks)) {
        const last = all.at(-1)
        // Arguments are shown when they are whole, and text in other pieces.
        if (/^tool-call-(?:delta|input)/.test(chunk.type)) continue
        // What Mastra repeats at the end has parts that stand for its own bookkeeping.
        if (chunk.type === 'finish') delete chunk.payload.response
        if (chunk.type.endsWith('-delta') && last?.type === chunk.type) last.payload.text += chunk.payload.text
        else all.push(chunk)
      }
      return all
    }
    assert.deepEqual(joined(guarded.chunks), joined(without.chunks))
    assert.equal(await guarded.stream.text, await without.stream.text)
    assert.equal(prompts.length, 2)
  },
  'an injection and a secret trip before the model is asked': async () => {
    for (const input of [INJECTION, `Use ${SECRET}`, 'a zebrawood table']) {
      const { model, prompts } = scripted(say('Yes.'))
      const { tripwire, text } = await agentWith(model).generate(input)
      assert.equal(tripwire.metadata.outcome, 'blocked')
      assert.ok(tripwire.metadata.guards.length > 0 && tripwire.metadata.decisionId.startsWith('dec_'))
      assert.ok(!JSON.stringify(tripwire).includes(input))
      assert.deepEqual([prompts.length, text], [0, ''])
    }
  },
  'every message reaches the check, not only the last': async () => {
    const { model, prompts } = scripted(say('Fine.'))
    const { tripwire } = await agentWith(model).generate([
      { role: 'user', content: 'Tell me of zebrawood.' },
      { role: 'assistant', content: 'No.' },
      { role: 'user', content: 'And the weather?' },
    ])
    assert.deepEqual([tripwire.metadata.outcome, prompts.length], ['blocked', 0])
  },
  'addresses are masked both ways': async () => {
    const { model, prompts } = scripted(say('Write to amy.poe@example.org'))
    const result = await agentWith(model).generate('I am jane.doe@example.org')
    assert.ok(seen({ prompts }).includes('I am ') && !seen({ prompts }).includes('jane'))
    assert.ok(result.text.startsWith('Write to ') && !result.text.includes('amy'))
    assert.ok(!JSON.stringify(result.response.messages).includes('amy'))
    assert.ok(!JSON.stringify(result.steps).includes('amy'))
  },
  'a stream holds text until it was judged: masked in every piece, and in all that tells of it': async () => {
    const { model } = scripted([
      ...block('reasoning', 'of bob.moe@example.org'),
      ...say(`Write to amy.poe@example.org${' or call the office on Monday'.repeat(99)}`),
    ])
    const { chunks, text, stream } = await streamOf(agentWith(model))
    assert.ok(text.startsWith('Write to ') && text.endsWith(' or call the office on Monday'))
    assert.equal(await stream.text, text)
    assert.doesNotMatch(
      JSON.stringify(chunks, (key, value) => (key === 'messageList' ? undefined : value)),
      /amy|bob/,
    )
  },
  'nothing leaves after a block': async () => {
    const { model } = scripted(say(`${'fine '.repeat(300)}zebrawood ${'more '.repeat(300)}`))
    const { chunks, text, tripwire, stream } = await streamOf(agentWith(model))
    assert.ok(text.startsWith('fine fine ') && !text.includes('zebra') && !text.includes('more'))
    assert.equal(tripwire.metadata.outcome, 'blocked')
    assert.doesNotMatch(JSON.stringify(chunks), /zebra|more /)
    await stream.consumeStream().catch(() => undefined)
    assert.doesNotMatch(await stream.text, /zebra/)
  },
  'a blocked call does not run': async () => {
    for (const how of ['generate', 'stream']) {
      const { tools, ran } = look('nothing')
      const agent = agentWith(scripted(call('zebrawood'), say('Done.')).model, careful, { tools })
      const { tripwire } = how === 'generate' ? await agent.generate('hi') : await streamOf(agent)
      assert.deepEqual([tripwire.metadata.outcome, ran], ['blocked', []])
    }
  },
  'a call is masked before it runs': async () => {
    const { tools, ran } = look('done')
    const { model } = scripted(call('of jane.doe@example.org'), say('ok'))
    const { chunks } = await streamOf(agentWith(model, careful, { tools }))
    assert.ok(ran[0].startsWith('of ') && !ran[0].includes('jane'))
    assert.doesNotMatch(JSON.stringify(chunks), /jane/)
  },
  'results of tools: an injection trips, addresses are masked': async () => {
    const stopped = scripted(call('x'), say('It was sent today.'))
    const first = await streamOf(agentWith(stopped.model, careful, { tools: look(INJECTION).tools }))
    assert.equal(first.tripwire.metadata.outcome, 'blocked')
    assert.equal(stopped.prompts.length, 1)
    assert.doesNotMatch(JSON.stringify(first.chunks), /Ignore all/)
    for (const answer of ['seen zoe.loe@example.org', { mail: 'zoe.loe@example.org', n: 1 }]) {
      const masked = scripted(call('x'), say('It was sent today.'))
      const { chunks, text } = await streamOf(agentWith(masked.model, careful, { tools: look(answer).tools }))
      assert.equal(text, 'It was sent today.')
      assert.ok(masked.prompts.length === 2 && !seen(masked).includes('zoe'))
      assert.doesNotMatch(JSON.stringify(chunks), /zoe/)
    }
  },
  'instructions are masked where the policy judges them': async () => {
    const { model, prompts } = scripted(say('It was sent today.'))
    const instructions = 'facts: of jane.doe@example.org'
    const { text } = await agentWith(model, everywhere, { instructions }).generate('Where is it?')
    assert.equal(text, 'It was sent today.')
    assert.ok(seen({ prompts }).includes('facts: ') && !seen({ prompts }).includes('jane'))
  },
  'an agent inside, as a tool: its pieces are withheld, its answer is masked wherever Mastra repeats it': async () => {
    const { model: inside } = scripted(say(`Write to amy.poe@example.org${' and so on'.repeat(20)}`))
    const inner = new Agent({
      id: 'inner',
      name: 'inner',
      description: 'Writes.',
      instructions: 'Write.',
      model: inside,
    })
    inner.__setLogger(noopLogger)
    const asks = [
      { type: 'tool-call', toolCallId: 't1', toolName: 'agent-inner', input: JSON.stringify({ prompt: 'go' }) },
    ]
    const outer = scripted(asks, say('It was sent today.'))
    const { chunks, text } = await streamOf(agentWith(outer.model, careful, { agents: { inner } }))
    assert.equal(text, 'It was sent today.')
    const shown = JSON.stringify(chunks, (key, value) => (key === 'messageList' ? undefined : value))
    assert.ok(shown.includes('Write to ') && !/amy|poe@/.test(shown))
    assert.ok(!chunks.some(({ payload }) => payload?.output?.type === 'text-delta'))
    assert.ok(outer.prompts.length === 2 && seen(outer).includes('Write to ') && !seen(outer).includes('amy'))
  },
  'a structured answer is masked as it grows': async () => {
    const { model } = scripted(say(JSON.stringify({ mail: 'amy.poe@example.org', note: 'and so on' })))
    const schema = z.object({ mail: z.string(), note: z.string() })
    const stream = await agentWith(model).stream('hi', { structuredOutput: { schema } })
    const shown = []
    for await (const chunk of stream.fullStream) shown.push(chunk)
    assert.doesNotMatch(
      JSON.stringify(shown, (key, value) => (key === 'messageList' ? undefined : value)),
      /amy|poe@/,
    )
    assert.equal((await stream.object).note, 'and so on')
  },
  'a guard that fails or is late is no pass, and is told apart': async () => {
    for (const [parapet, decision, code] of [
      [failing, 'error', 'guard_failed'],
      [late, 'timeout', 'guard_timeout'],
    ]) {
      const { model, prompts } = scripted(say('Yes.'))
      const { tripwire } = await agentWith(model, parapet).generate('hi')
      assert.deepEqual(
        [tripwire.metadata.outcome, tripwire.metadata.decision, tripwire.metadata.error.code],
        ['failed', decision, code],
      )
      assert.equal(prompts.length, 0)
      // The same for the answer alone.
      const output = new Agent({
        id: 'a',
        name: 'a',
        instructions: 'Help.',
        model,
        outputProcessors: [guardProcessor(parapet)],
      })
      output.__setLogger(noopLogger)
      const streamed = await streamOf(output)
      assert.deepEqual([streamed.tripwire.metadata.outcome, streamed.text], ['failed', ''])
    }
  },
  'together with a processor that batches': async () => {
    const { model } = scripted(say('Write to amy.poe@example.org and so on, and so on.'), say(''))
    const { text, chunks } = await streamOf(
      agentWith(model, careful, { after: [new BatchPartsProcessor({ batchSize: 3 })] }),
    )
    assert.ok(text.startsWith('Write to ') && text.endsWith('and so on.') && !text.includes('amy'))
    assert.ok(chunks.some(({ type }) => type === 'text-end'))
  },
  'a model that is guarded itself': async () => {
    const { model, prompts } = scripted(say('Write to amy.poe@example.org'))
    const agent = new Agent({ id: 'a', name: 'a', instructions: 'Help.', model: guardModel(model, careful) })
    const { text } = await agent.generate('I am jane.doe@example.org')
    assert.ok(text.startsWith('Write to ') && !text.includes('amy') && !seen({ prompts }).includes('jane'))
  },
}
