// The middleware in agents of the real LangChain, with models that follow a script.
import assert from 'node:assert/strict'
import { BaseChatModel } from '@langchain/core/language_models/chat_models'
import { AIMessage, AIMessageChunk, HumanMessage } from '@langchain/core/messages'
import { ChatGenerationChunk } from '@langchain/core/outputs'
import { RunnableLambda } from '@langchain/core/runnables'
import { Command, MemorySaver } from '@langchain/langgraph'
import { createAgent, createMiddleware, dynamicSystemPromptMiddleware, tool, toolStrategy } from 'langchain'
import { guardMiddleware } from 'parapet/langchain'
import { z } from 'zod'
import { careful, everywhere, failing, INJECTION, late, SECRET } from './parapets.mjs'

/** Says what its script says, in pieces when it is asked to stream. */
class ScriptedChat extends BaseChatModel {
  calls = []
  #script
  constructor(...script) {
    super({})
    this.#script = script
  }
  _llmType() {
    return 'scripted'
  }
  bindTools(tools, options) {
    return this.withConfig({ tools, ...options })
  }
  #next(messages) {
    this.calls.push(messages)
    return this.#script[this.calls.length - 1] ?? new AIMessage('')
  }
  async _generate(messages) {
    const message = this.#next(messages)
    return { generations: [{ text: message.text, message }] }
  }
  async *_streamResponseChunks(messages, _options, manager) {
    const message = this.#next(messages)
    for (const piece of message.text.match(/[^]{1,7}/g) ?? ['']) {
      const chunk = new ChatGenerationChunk({ text: piece, message: new AIMessageChunk({ content: piece, id: 'm1' }) })
      yield chunk
      await manager?.handleLLMNewToken(piece, undefined, undefined, undefined, undefined, { chunk })
    }
  }
}

const say = (text) => new AIMessage({ content: text, id: 'm1' })
const call = (q, id = 'c1') =>
  new AIMessage({ content: '', id: 'm0', tool_calls: [{ name: 'look', args: { q }, id, type: 'tool_call' }] })
const look = (answer) => {
  const ran = []
  const made = tool(
    ({ q }) => {
      ran.push(q)
      return answer
    },
    { name: 'look', description: 'Looks something up.', schema: z.object({ q: z.string() }) },
  )
  return Object.assign(made, { ran })
}
const ask = (content) => ({ messages: [{ role: 'user', content }] })
const agentWith = (model, parapet = careful, { options, ...settings } = {}) =>
  createAgent({ model, tools: [], middleware: [guardMiddleware(parapet, options)], ...settings })
const seen = (model) => JSON.stringify(model.calls)
const textOf = ({ messages }) => messages.at(-1).text
const stopOf = async (promise) =>
  promise.then(
    () => assert.fail('it was let through'),
    (error) => error.cause ?? error,
  )
const plain = ({ messages }) =>
  messages.map((message) => ({ type: message.type, content: message.content, calls: message.tool_calls }))

export const checks = {
  'a benign run is untouched': async () => {
    const script = () => [call('the weather'), say('It is sunny.')]
    const [bare, guarded] = [new ScriptedChat(...script()), new ScriptedChat(...script())]
    const tools = [look({ sky: 'blue' })]
    const without = await createAgent({ model: bare, tools }).invoke(ask('How is the weather?'))
    const outcomes = []
    const options = { onDecision: ({ outcome }) => outcomes.push(outcome) }
    const withGuard = await agentWith(guarded, careful, { tools, options }).invoke(ask('How is the weather?'))
    // Two for each call of the model, one for the result of the tool.
    assert.deepEqual(
      outcomes,
      Array.from({ length: 5 }, () => 'passed'),
    )
    assert.deepEqual(plain(withGuard), plain(without))
    assert.equal(textOf(withGuard), 'It is sunny.')
  },
  'an injection and a secret stop before the model is asked': async () => {
    for (const input of [INJECTION, `Use ${SECRET}`, 'a zebrawood table']) {
      const model = new ScriptedChat(say('Yes.'))
      const error = await stopOf(agentWith(model).invoke(ask(input)))
      assert.equal(error.code, 'content_filter')
      assert.ok(error.decisionId.startsWith('dec_'))
      const options = { onBlock: 'finish', message: 'I cannot help with that.' }
      assert.equal(textOf(await agentWith(model, careful, { options }).invoke(ask(input))), 'I cannot help with that.')
      assert.equal(model.calls.length, 0)
    }
  },
  'every message reaches the check, not only the last': async () => {
    const model = new ScriptedChat(say('Fine.'))
    const messages = [
      { role: 'user', content: 'Tell me of zebrawood.' },
      { role: 'assistant', content: 'No.' },
      { role: 'user', content: 'And the weather?' },
    ]
    assert.equal((await stopOf(agentWith(model).invoke({ messages }))).code, 'content_filter')
  },
  'addresses are masked both ways, in the state too': async () => {
    const model = new ScriptedChat(say('Write to amy.poe@example.org'))
    const facts = []
    const options = { onDecision: (fact) => facts.push(fact) }
    const result = await agentWith(model, careful, { options }).invoke(ask('I am jane.doe@example.org'))
    assert.ok(seen(model).includes('I am ') && !seen(model).includes('jane'))
    assert.ok(textOf(result).startsWith('Write to ') && !JSON.stringify(result).includes('amy'))
    assert.ok(!JSON.stringify(result).includes('jane'))
    assert.deepEqual(
      facts.map(({ outcome }) => outcome),
      ['modified', 'modified'],
    )
    assert.doesNotMatch(JSON.stringify(facts), /jane|amy/)
  },
  'blocks of a content are masked in their place': async () => {
    const model = new ScriptedChat(say('Fine.'))
    const content = [
      { type: 'text', text: 'I am jane.doe@example.org' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
    ]
    await agentWith(model).invoke({ messages: [new HumanMessage({ content })] })
    const asked = model.calls[0].at(-1).content
    assert.equal(asked[1].image_url.url, content[1].image_url.url)
    assert.ok(!asked[0].text.includes('jane') && content[0].text.includes('jane'))
  },
  'a bad answer and a bad call go no further': async () => {
    for (const answer of [
      say('a zebrawood table'),
      call('zebrawood'),
      new AIMessage({ content: [{ type: 'reasoning', reasoning: 'zebrawood' }] }),
    ]) {
      const tools = [look('nothing')]
      const error = await stopOf(agentWith(new ScriptedChat(answer), careful, { tools }).invoke(ask('hi')))
      assert.equal(error.code, 'content_filter')
      const options = { onBlock: 'finish', message: 'No.' }
      const result = await agentWith(new ScriptedChat(answer), careful, { tools, options }).invoke(ask('hi'))
      assert.equal(textOf(result), 'No.')
      assert.doesNotMatch(JSON.stringify(result), /zebra/)
      assert.deepEqual(tools[0].ran, [])
    }
  },
  'a call is masked before it runs': async () => {
    const tools = [look('done')]
    await agentWith(new ScriptedChat(call('of jane.doe@example.org'), say('ok')), careful, { tools }).invoke(ask('hi'))
    assert.ok(tools[0].ran[0].startsWith('of ') && !tools[0].ran[0].includes('jane'))
  },
  'a call that another middleware changed is judged again': async () => {
    const change = createMiddleware({
      name: 'change',
      wrapToolCall: (request, handler) =>
        handler({ ...request, toolCall: { ...request.toolCall, args: { q: 'zebrawood' } } }),
    })
    const tools = [look('done')]
    const options = { onBlock: 'finish', message: 'Not that.' }
    const middleware = [change, guardMiddleware(careful, options)]
    const model = new ScriptedChat(call('x'), say('ok'))
    await createAgent({ model, tools, middleware }).invoke(ask('hi'))
    assert.deepEqual(tools[0].ran, [])
    assert.match(seen(model), /Not that\./)
  },
  'what another middleware tells the model is judged': async () => {
    const add = createMiddleware({
      name: 'add',
      wrapModelCall: (request, handler) =>
        handler({ ...request, messages: [...request.messages, new HumanMessage('of zebrawood')] }),
    })
    const model = new ScriptedChat(say('ok'))
    const middleware = [add, guardMiddleware(careful)]
    const error = await stopOf(createAgent({ model, tools: [], middleware }).invoke(ask('hi')))
    assert.equal((error.cause ?? error).code, 'content_filter')
    assert.equal(model.calls.length, 0)
  },
  'instructions that a middleware wrote are judged where the policy judges them': async () => {
    for (const [prompt, check] of [
      [
        'facts: a zebrawood table',
        ({ error, model }) => assert.deepEqual([error.code, model.calls.length], ['content_filter', 0]),
      ],
      [
        'facts: of jane.doe@example.org',
        ({ model }) => assert.ok(seen(model).includes('facts: ') && !seen(model).includes('jane')),
      ],
    ]) {
      const model = new ScriptedChat(say('It is sunny.'))
      const middleware = [dynamicSystemPromptMiddleware(() => prompt), guardMiddleware(everywhere)]
      const error = await createAgent({ model, tools: [], middleware })
        .invoke(ask('How is the weather?'))
        .then(
          () => null,
          (cause) => cause.cause?.cause ?? cause.cause ?? cause,
        )
      check({ error, model })
    }
  },
  'results of tools: masked, kept from the model, or the end': async () => {
    const run = (answer, options) => {
      const model = new ScriptedChat(call('x'), say('Done.'))
      return { model, result: agentWith(model, careful, { tools: [look(answer)], options }).invoke(ask('hi')) }
    }
    const masked = run('seen zoe.loe@example.org')
    const state = JSON.stringify(await masked.result)
    assert.ok(state.includes('seen ') && !state.includes('zoe') && !seen(masked.model).includes('zoe'))
    const told = run(INJECTION, { onBlock: 'finish', message: 'The result was stopped.' })
    assert.equal(textOf(await told.result), 'Done.')
    assert.ok(seen(told.model).includes('The result was stopped.') && !seen(told.model).includes('Ignore all'))
    assert.equal((await stopOf(run(INJECTION).result)).code, 'content_filter')
    const command = new Command({ update: { messages: [new HumanMessage('of zoe.loe@example.org')] } })
    const steered = run(command)
    await steered.result.catch(() => undefined)
    assert.ok(!seen(steered.model).includes('zoe'))
  },
  'a structured answer is judged': async () => {
    const schema = z.object({ wood: z.string() })
    const answer = (wood) =>
      new AIMessage({ content: '', tool_calls: [{ name: 'extract', args: { wood }, id: 's1', type: 'tool_call' }] })
    const responseFormat = toolStrategy({
      type: 'object',
      title: 'extract',
      properties: { wood: { type: 'string' } },
      required: ['wood'],
    })
    void schema
    const fine = await agentWith(new ScriptedChat(answer('oak')), careful, { responseFormat }).invoke(ask('hi'))
    assert.deepEqual(fine.structuredResponse, { wood: 'oak' })
    const masked = await agentWith(new ScriptedChat(answer('of amy.poe@example.org')), careful, {
      responseFormat,
    }).invoke(ask('hi'))
    assert.ok(masked.structuredResponse.wood.startsWith('of ') && !JSON.stringify(masked).includes('amy'))
    const error = await stopOf(
      agentWith(new ScriptedChat(answer('zebrawood')), careful, { responseFormat }).invoke(ask('hi')),
    )
    assert.equal(error.code, 'content_filter')
  },
  'a guard that fails or is late is no pass, whatever onBlock says': async () => {
    for (const [parapet, code] of [
      [failing, 'guard_failed'],
      [late, 'guard_timeout'],
    ]) {
      for (const onBlock of ['throw', 'finish']) {
        const model = new ScriptedChat(say('Yes.'))
        const facts = []
        const options = { onBlock, onDecision: (fact) => facts.push(fact.outcome) }
        assert.equal((await stopOf(agentWith(model, parapet, { options }).invoke(ask('hi')))).code, code)
        assert.deepEqual([facts, model.calls.length], [['failed'], 0])
      }
    }
  },
  'the stream of messages shows what was judged, and nothing of what was not': async () => {
    const show = async (text, options, wrapped = (model) => model) => {
      const agent = agentWith(wrapped(new ScriptedChat(say(text))), careful, { options })
      const pieces = []
      let error = null
      try {
        for await (const [message] of await agent.stream(ask('hi'), { streamMode: 'messages' }))
          pieces.push(message.text)
      } catch (cause) {
        error = cause
      }
      return { pieces, error }
    }
    const text = 'It is sunny, and it will be sunny tomorrow.'
    assert.deepEqual(await show(text), { pieces: [text], error: null })
    assert.deepEqual(await show(text, {}, (model) => model.withConfig({ tags: ['mine'] })), {
      pieces: [text],
      error: null,
    })
    assert.deepEqual(await show(text, {}, (model) => RunnableLambda.from((it) => it).pipe(model)), {
      pieces: [text],
      error: null,
    })
    const masked = await show('Write to amy.poe@example.org')
    assert.ok(masked.pieces.join('').startsWith('Write to ') && !masked.pieces.join('').includes('amy'))
    const blocked = await show(`${'fine '.repeat(300)}zebrawood ${'more '.repeat(300)}`)
    assert.deepEqual([blocked.pieces, blocked.error.cause.code], [[], 'content_filter'])
    const finished = await show('a zebrawood table', { onBlock: 'finish', message: 'No.' })
    assert.deepEqual(finished.pieces, ['No.'])
    assert.ok((await show(text, { streaming: 'unjudged' })).pieces.length > 3)
  },
  'values and updates show what was judged': async () => {
    for (const streamMode of ['values', 'updates']) {
      const tools = [look('seen zoe.loe@example.org')]
      const model = new ScriptedChat(call('of jane.doe@example.org'), say('Write to amy.poe@example.org'))
      let shown = ''
      for await (const chunk of await agentWith(model, careful, { tools }).stream(ask('hi'), { streamMode }))
        shown += JSON.stringify(chunk)
      assert.ok(shown.includes('Write to ') && !/jane|amy|zoe/.test(shown))
    }
  },
  'a conversation that goes on is judged from its checkpoint': async () => {
    const model = new ScriptedChat(say('one'), say('two'))
    const agent = agentWith(model, careful, { checkpointer: new MemorySaver() })
    const thread = { configurable: { thread_id: 't1' } }
    await agent.invoke(ask('I am jane.doe@example.org'), thread)
    await agent.invoke(ask('Who am I?'), thread)
    assert.ok(seen(model).includes('I am ') && !seen(model).includes('jane'))
    assert.equal((await stopOf(agent.invoke(ask(INJECTION), thread))).code, 'content_filter')
  },
}
