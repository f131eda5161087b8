// Guards a model of the AI SDK: addresses do not reach it, what it must not say does not reach the user, tools included. The model
// here follows a script, so that this runs offline; put `openai('gpt-5')` or any other in its place.
import assert from 'node:assert/strict'
import { generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai'
import { MockLanguageModelV3, simulateReadableStream } from 'ai/test'
import { createParapet } from 'parapet'
import { BlockedError, guardModel } from 'parapet/ai-sdk'

const parapet = await createParapet({
  parapet: 1,
  guards: { codename: { use: 'rules', phrases: ['project zebrawood'] } },
  rails: {
    input: ['pii'],
    tool_call: ['codename'],
    tool_result: ['pii'],
    output: ['codename', 'pii'],
  },
  actions: { pii: { action: 'modify' } },
})

// 1. What the user writes is masked on its way to the model.
const { model, prompts } = scripted([{ type: 'text', text: 'I will write to you.' }])
const answer = await generateText({ model: guardModel(model, parapet), prompt: 'I am jane.doe@example.org' })
console.log(answer.text, answer.providerMetadata.parapet.decision)
assert.equal(answer.providerMetadata.parapet.decision, 'modify')
assert.ok(!prompts().includes('jane.doe'))

// 2. A stream is judged while it grows; what was stopped ends with an error and the finish reason `content-filter`.
const talkative = scripted([
  { type: 'text', text: `${'The weather is fine. '.repeat(40)}By the way, project zebrawood is real.` },
])
const stream = streamText({
  model: guardModel(talkative.model, parapet),
  prompt: 'How is the weather?',
  onError: ({ error }) => console.log('stopped:', error.code),
})
let shown = ''
for await (const text of stream.textStream) shown += text
assert.ok(shown.startsWith('The weather is fine.') && !shown.includes('zebrawood'))
assert.equal(await stream.finishReason, 'content-filter')

// 3. What a tool brings back is judged before the model reads it, and its arguments before it runs.
const agent = scripted(
  [{ type: 'tool-call', toolCallId: 'call_1', toolName: 'lookUp', input: '{"name":"Jane"}' }],
  [{ type: 'text', text: 'I found her.' }],
)
const lookUp = tool({
  inputSchema: jsonSchema({ type: 'object', properties: { name: { type: 'string' } } }),
  execute: () => 'Jane Doe, jane.doe@example.org',
})
const found = await generateText({
  model: guardModel(agent.model, parapet),
  prompt: 'Who is Jane?',
  tools: { lookUp },
  stopWhen: stepCountIs(3),
})
assert.equal(found.text, 'I found her.')
assert.ok(agent.prompts().includes('Jane Doe, [EMAIL]'))

// 4. A block is an error with the decision's id, or an answer, as you like.
const leaking = () => scripted([{ type: 'text', text: 'It is called project zebrawood.' }]).model
const failed = await generateText({ model: guardModel(leaking(), parapet), prompt: 'What is it called?' }).catch(
  (error) => error,
)
assert.ok(BlockedError.isInstance(failed))
console.log(failed.code, failed.decisionId.slice(0, 4))
const told = await generateText({
  model: guardModel(leaking(), parapet, { onBlock: 'finish', message: 'I must not say that.' }),
  prompt: 'What is it called?',
})
assert.deepEqual([told.text, told.finishReason], ['I must not say that.', 'content-filter'])

await parapet.close()

/** A model that gives one answer after the other. */
function scripted(...answers) {
  const calls = []
  const usage = { inputTokens: {}, outputTokens: {} }
  const next = (options) => {
    const content = answers[calls.push(options.prompt) - 1]
    const unified = content.some(({ type }) => type === 'tool-call') ? 'tool-calls' : 'stop'
    return { content, finishReason: { unified, raw: undefined }, usage }
  }
  const model = new MockLanguageModelV3({
    doGenerate: async (options) => ({ ...next(options), warnings: [] }),
    doStream: async (options) => {
      const { content, ...end } = next(options)
      const pieces = content[0].text.match(/[^]{1,7}/g)
      const chunks = [
        { type: 'text-start', id: '0' },
        ...pieces.map((delta) => ({ type: 'text-delta', id: '0', delta })),
        { type: 'text-end', id: '0' },
        { type: 'finish', ...end },
      ]
      return { stream: simulateReadableStream({ chunks }) }
    },
  })
  return { model, prompts: () => JSON.stringify(calls) }
}
