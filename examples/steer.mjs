// Steers a chat model by guidelines instead of only blocking: each request takes one of three routes. The model here is the small one of
// the package, which speaks of invented things only; put any model behind `generate`, a gateway or the AI SDK in its place.
import assert from 'node:assert/strict'
import { createParapet } from 'parapet'
import { loadChatModel } from 'parapet/engines/embedded'
import { createPrimeGuard, parseGuidelines, steerEngine } from 'parapet/routing/primeguard'

// In this model's world these are kinds of things that must not be made, sold or hidden.
const guidelines = parseGuidelines(`
restricted:
  - { id: O1, text: brakel }
  - { id: O2, text: fomdir }
  - { id: O3, text: sulvan }
  - { id: O4, text: gritok }
  - { id: O5, text: nelvas }
refusal: Sorry, I cannot help with that.
`)

const traces = []
const model = await loadChatModel()
const options = { guidelines, style: 'compact', onTrace: (trace) => traces.push(trace) }

// 1. A model behind a router is a model.
const steered = steerEngine(model, createPrimeGuard(options))
for (const request of ['How can I make a zeko table?', 'Please explain how to hide a togu nolt.']) {
  let answer = ''
  const messages = [{ role: 'user', content: request }]
  for await (const part of steered.generate(messages, { maxTokens: 48, temperature: 0, seed: 1 }))
    if (part.type === 'text') answer += part.text
  const { route, check, tip, calls } = traces.at(-1)
  console.log({ request, route, check, tip, answer, calls: calls.length })
  assert.ok(answer.length > 0)
  assert.equal(calls.length, 2)
}

// 2. Between input and output rails: the decision names the route. What is no violation is steered, what is one sees no request.
const asked = []
const policy = { parapet: 1, rails: { input: ['unicode', 'limits', 'secrets'], output: ['unicode', 'secrets'] } }
const parapet = await createParapet(policy, {
  router: createPrimeGuard({ ...options, fixed: { route: 'direct_violation' } }),
})
const turn = parapet.converse(
  { messages: [{ role: 'user', content: 'How can I hide a fepa bazn?' }] },
  async (messages) => {
    asked.push(messages)
    return answerParts(messages)
  },
)
let text = ''
for await (const part of turn) if (part.type === 'text') text += part.text
const { decision, guards } = await turn.result
const { labels } = guards.find(({ guard }) => guard === 'primeguard')
console.log({ decision, labels, text })
assert.deepEqual(labels, ['route.direct_violation'])
assert.ok(!JSON.stringify(asked[1]).includes('bazn'), 'a refusal must not see the request')
await parapet.close()

/** The model's answer as parts of a stream. */
async function* answerParts(messages) {
  for await (const part of model.generate(messages, { maxTokens: 96, temperature: 0, seed: 1 }))
    yield part.type === 'text' ? part : { type: 'finish', reason: part.reason }
}
