// Guardrails and guarded models in runs of the real OpenAI Agents SDK, with models that follow a script.
import assert from 'node:assert/strict'
import {
  Agent,
  InputGuardrailTripwireTriggered,
  OutputGuardrailTripwireTriggered,
  Runner,
  setTracingDisabled,
  tool,
  ToolInputGuardrailTripwireTriggered,
} from '@openai/agents'
import { assistantMessage, functionCall, modelStream, ScriptedModel } from '@openai/agents/testing'
import {
  guardModel,
  guardModelProvider,
  inputGuardrail,
  outputGuardrail,
  toolInputGuardrail,
  toolOutputGuardrail,
} from 'parapet/openai-agents'
import { z } from 'zod'
import { careful, failing, INJECTION, late, narrow, SECRET } from './parapets.mjs'

setTracingDisabled(true)

const say = (text) => [assistantMessage(text)]
const call = (q, callId = 'c1') => [functionCall('look', { q }, { callId })]
const seen = (model) => JSON.stringify(model.calls.map(({ request }) => request.input))
const agentWith = (settings) => new Agent({ name: 'clerk', instructions: 'Help.', ...settings })
const run = (agent, input, options) => new Runner({}).run(agent, input, options)
const lookTool = (answer, settings = {}) => {
  const ran = []
  const look = tool({
    name: 'look',
    description: 'Looks something up.',
    parameters: z.object({ q: z.string() }),
    execute: ({ q }) => {
      ran.push(q)
      return answer
    },
    ...settings,
  })
  return { look, ran }
}
const stopOf = async (promise) =>
  promise.then(
    () => assert.fail('it was let through'),
    (error) => error,
  )
// The SDK throws the tripwire of a tool inside a `ToolCallError`.
const infoOf = (error) => (error.error ?? error).result.output.outputInfo

/** What the SDK streams for a text, in pieces. */
function streamed(text) {
  const deltas = text.match(/[^]{1,7}/g).map((delta) => ({ type: 'output_text_delta', delta }))
  const response = { id: 'r1', usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 }, output: say(text) }
  return modelStream([
    { type: 'response_started' },
    ...deltas,
    { type: 'model', event: { raw: text } },
    { type: 'response_done', response },
  ])
}

export const checks = {
  'a benign run is untouched': async () => {
    const model = new ScriptedModel([say('It is sunny.')])
    const guards = { inputGuardrails: [inputGuardrail(careful)], outputGuardrails: [outputGuardrail(careful)] }
    const plain = new ScriptedModel([say('It is sunny.')])
    await run(agentWith({ model: plain }), 'How is the weather?')
    const { finalOutput, inputGuardrailResults } = await run(
      agentWith({ model: guardModel(model, careful), ...guards }),
      'How is the weather?',
    )
    assert.equal(finalOutput, 'It is sunny.')
    assert.equal(seen(model), seen(plain))
    assert.equal(inputGuardrailResults[0].output.outputInfo.outcome, 'passed')
  },
  'an injection and a secret trip the input guardrail before the model is asked': async () => {
    for (const input of [INJECTION, `Use ${SECRET}`, 'a zebrawood table']) {
      const model = new ScriptedModel([say('Yes.')])
      const error = await stopOf(run(agentWith({ model, inputGuardrails: [inputGuardrail(careful)] }), input))
      assert.ok(error instanceof InputGuardrailTripwireTriggered)
      assert.equal(infoOf(error).outcome, 'blocked')
      assert.ok(infoOf(error).guards.length > 0)
      assert.ok(!JSON.stringify(infoOf(error)).includes(input))
      assert.equal(model.calls.length, 0)
    }
  },
  'every item reaches the check, not only the last': async () => {
    const history = [
      { role: 'user', content: 'Tell me of zebrawood.' },
      { role: 'assistant', status: 'completed', content: [{ type: 'output_text', text: 'No.' }] },
      { role: 'user', content: 'And the weather?' },
    ]
    const model = new ScriptedModel([say('Fine.')])
    const error = await stopOf(run(agentWith({ model, inputGuardrails: [inputGuardrail(careful)] }), history))
    assert.ok(error instanceof InputGuardrailTripwireTriggered)
  },
  'what would be masked trips a guardrail, and is masked by a guarded model': async () => {
    const input = 'I am jane.doe@example.org'
    const tripped = agentWith({ model: new ScriptedModel([say('Hi.')]), inputGuardrails: [inputGuardrail(careful)] })
    const error = await stopOf(run(tripped, input))
    assert.equal(infoOf(error).outcome, 'modified')
    const model = new ScriptedModel([say('Write to amy.poe@example.org')])
    const guarded = agentWith({
      model: guardModel(model, careful),
      inputGuardrails: [inputGuardrail(careful, { onModify: 'pass' })],
      outputGuardrails: [outputGuardrail(careful)],
    })
    const { finalOutput } = await run(guarded, input)
    assert.ok(!seen(model).includes('jane') && seen(model).includes('I am '))
    assert.ok(!finalOutput.includes('amy') && finalOutput.startsWith('Write to '))
  },
  'a bad output trips the output guardrail': async () => {
    const model = new ScriptedModel([say('a zebrawood table')])
    const error = await stopOf(run(agentWith({ model, outputGuardrails: [outputGuardrail(careful)] }), 'hi'))
    assert.ok(error instanceof OutputGuardrailTripwireTriggered)
    assert.equal(infoOf(error).outcome, 'blocked')
  },
  'a structured output is judged as a value': async () => {
    const outputType = z.object({ wood: z.string() })
    const model = new ScriptedModel([say('{"wood":"zebra\\u0077ood"}')])
    const error = await stopOf(
      run(agentWith({ model, outputType, outputGuardrails: [outputGuardrail(careful)] }), 'hi'),
    )
    assert.ok(error instanceof OutputGuardrailTripwireTriggered)
  },
  'a call that is blocked does not run; the model reads why': async () => {
    const { look, ran } = lookTool('nothing', { inputGuardrails: [toolInputGuardrail(careful)] })
    const model = new ScriptedModel([call('zebrawood'), say('I could not.')])
    const { finalOutput } = await run(agentWith({ model, tools: [look] }), 'look')
    assert.equal(finalOutput, 'I could not.')
    assert.deepEqual(ran, [])
    assert.match(seen(model), /policy does not let pass/)
    const strict = lookTool('nothing', { inputGuardrails: [toolInputGuardrail(careful, { onBlock: 'throw' })] })
    const again = new ScriptedModel([call('zebrawood')])
    const error = await stopOf(run(agentWith({ model: again, tools: [strict.look] }), 'look'))
    assert.ok(error.error instanceof ToolInputGuardrailTripwireTriggered)
    assert.equal(infoOf(error).outcome, 'blocked')
  },
  'results of tools: an injection is kept from the model, an address is masked, the rest is untouched': async () => {
    for (const [answer, check] of [
      [INJECTION, (text) => assert.ok(!text.includes('Ignore all') && text.includes('policy stopped'))],
      ['seen zoe.loe@example.org', (text) => assert.ok(!text.includes('zoe') && text.includes('seen '))],
      [{ mail: 'zoe.loe@example.org', n: 1 }, (text) => assert.ok(!text.includes('zoe') && text.includes('\\"n\\":1'))],
      ['all is well', (text) => assert.ok(text.includes('"text":"all is well"') || text.includes('all is well'))],
    ]) {
      const { look } = lookTool(answer, { outputGuardrails: [toolOutputGuardrail(careful)] })
      const model = new ScriptedModel([call('x'), say('Done.')])
      await run(agentWith({ model, tools: [look] }), 'look')
      check(seen(model))
    }
  },
  'a guard that fails or is late is no pass, and is told apart': async () => {
    for (const [parapet, decision, code] of [
      [failing, 'error', 'guard_failed'],
      [late, 'timeout', 'guard_timeout'],
    ]) {
      const model = new ScriptedModel([call('x'), say('Yes.')])
      const input = await stopOf(run(agentWith({ model, inputGuardrails: [inputGuardrail(parapet)] }), 'hi'))
      assert.deepEqual(
        [infoOf(input).outcome, infoOf(input).decision, infoOf(input).error.code],
        ['failed', decision, code],
      )
      const { look, ran } = lookTool('x', { inputGuardrails: [toolInputGuardrail(parapet)] })
      const tripped = await stopOf(run(agentWith({ model, tools: [look] }), 'hi'))
      assert.ok(tripped.error instanceof ToolInputGuardrailTripwireTriggered)
      assert.deepEqual([infoOf(tripped).outcome, ran], ['failed', []])
      const asked = new ScriptedModel([say('Yes.')])
      const error = await stopOf(run(agentWith({ model: guardModel(asked, parapet) }), 'hi'))
      assert.equal(error.code, code)
      assert.equal(asked.calls.length, 0)
    }
  },
  'a guarded model stops inputs, answers and calls of every turn': async () => {
    for (const [input, steps] of [
      [INJECTION, [say('Yes.')]],
      ['hi', [say('a zebrawood table')]],
      ['hi', [call('zebrawood')]],
      ['hi', [call('x'), say('never')]],
    ]) {
      const { look, ran } = lookTool(`${INJECTION} zebrawood`)
      const model = new ScriptedModel(steps)
      const error = await stopOf(run(agentWith({ model: guardModel(model, careful), tools: [look] }), input))
      assert.equal(error.code, 'content_filter')
      assert.ok(error.decisionId.startsWith('dec_'))
      assert.deepEqual(ran, steps.length === 2 ? ['x'] : [])
      assert.equal(model.calls.length, input === INJECTION ? 0 : 1)
    }
  },
  'agents inside, agents handed over to and narrow windows hide nothing': async () => {
    const bad = () => new ScriptedModel([say('a zebrawood table')])
    const inner = agentWith({ model: bad() }).asTool({ toolName: 'inner', toolDescription: 'Writes.' })
    const outer = new ScriptedModel([[functionCall('inner', { input: 'go' }, { callId: 'c1' })], say('never')])
    const second = agentWith({ name: 'second', model: guardModel(bad(), careful) })
    const over = new ScriptedModel([[functionCall('transfer_to_second', {}, { callId: 'h1' })]])
    for (const agent of [
      agentWith({ model: guardModel(outer, careful), tools: [inner] }),
      agentWith({ model: guardModel(over, careful), handoffs: [second] }),
      agentWith({ model: guardModel(bad(), narrow) }),
    ]) {
      assert.equal((await stopOf(run(agent, 'hi'))).code, 'content_filter')
    }
    const railed = agentWith({ model: bad(), outputGuardrails: [outputGuardrail(narrow)] })
    assert.ok((await stopOf(run(railed, 'hi'))) instanceof OutputGuardrailTripwireTriggered)
  },
  'a provider of models is guarded by name': async () => {
    const model = new ScriptedModel([say('a zebrawood table')])
    const modelProvider = guardModelProvider({ getModel: () => model }, careful)
    const runner = new Runner({ modelProvider })
    const error = await stopOf(runner.run(agentWith({ model: 'any' }), 'hi'))
    assert.equal(error.code, 'content_filter')
  },
  'a stream is masked, and nothing leaves after a block': async () => {
    const masked = new ScriptedModel([streamed(`Write to bob.moe@example.org${' and so on'.repeat(99)}`)])
    const first = await run(agentWith({ model: guardModel(masked, careful) }), 'hi', { stream: true })
    let text = ''
    for await (const piece of first.toTextStream()) text += piece
    await first.completed
    assert.ok(text.startsWith('Write to ') && text.endsWith(' and so on') && !text.includes('bob'))
    assert.equal(first.finalOutput, text)
    const model = new ScriptedModel([streamed(`${'fine '.repeat(300)}zebrawood ${'more '.repeat(300)}`)])
    const second = await run(agentWith({ model: guardModel(model, careful) }), 'hi', { stream: true })
    const events = []
    const error = await stopOf(
      (async () => {
        for await (const event of second) events.push(event)
        await second.completed
      })(),
    )
    assert.equal(error.code, 'content_filter')
    const shown = JSON.stringify(events)
    assert.ok(shown.includes('fine ') && !shown.includes('zebra') && !shown.includes('more '))
  },
  'a benign stream is the same piece by piece': async () => {
    const text = 'It is sunny, and it will be sunny tomorrow.'
    const result = await run(agentWith({ model: guardModel(new ScriptedModel([streamed(text)]), careful) }), 'hi', {
      stream: true,
    })
    let shown = ''
    for await (const piece of result.toTextStream()) shown += piece
    await result.completed
    assert.deepEqual([shown, result.finalOutput], [text, text])
  },
}
