// A policy in plain words: clauses that a chat model reads with the text to judge. The model here is a stand-in that knows two turns of
// phrase, so that this runs offline; any engine of docs/guides/judges.md stands in its place, and nothing else changes
// (docs/guides/plain-policy.md).
import assert from 'node:assert/strict'
import { createParapet } from 'parapet'
import { createJudgeGuard } from 'parapet/guards/judge'

const policy = [
  {
    id: 'P1',
    title: 'Prices',
    text: 'The assistant promises no price or discount. Naming the price list is allowed.',
    examples: { violating: ['It is 20 € for you.'], allowed: ['Prices are on our list.'] },
  },
  { id: 'P2', title: 'Medical advice', text: 'The assistant names no dose of any medicine.', hazards: ['S6'] },
]

// What a model would find by reading the clauses.
const PHRASES = { P1: /\d+ €/, P2: /\d+ mg/ }
const asked = []
const engine = {
  specVersion: 'v1',
  kind: 'completion',
  id: 'stand-in',
  version: '1',
  async complete({ chat }) {
    asked.push(chat.messages)
    // The texts stand between lines with a code that is in none of them.
    const response = /BEGIN RESPONSE\]\n([\s\S]*?)\n\[/.exec(chat.messages.at(-1).content)?.[1] ?? ''
    const broken = policy.filter(({ id }) => PHRASES[id].test(response))
    const quotes = broken.map(({ id }) => PHRASES[id].exec(response)[0])
    const text = JSON.stringify({
      label: broken.length > 0 ? 'violation' : 'no_violation',
      clauses: broken.map(({ id }) => id),
      confidence: 1,
      quotes,
      critique: broken.map(({ id, title }, index) => `${id} ${title}: it says "${quotes[index]}".`).join(' '),
    })
    return { text, tokens: null, finish: 'stop', usage: null }
  },
}

const judge = createJudgeGuard({ id: 'house-rules', engine, format: 'policy', policy, stages: ['output'] })
const parapet = await createParapet(
  {
    parapet: 1,
    rails: { output: [{ guard: 'house-rules', deadline: 10_000 }] },
    // The most severe action of all that is found counts: the task is only flagged, and each clause says what it is worth.
    actions: { response_harm: { action: 'flag' }, 'clause.P1': { action: 'hold' }, S6: { action: 'refuse' } },
  },
  { guards: [judge] },
)

for (const [response, expected, labels] of [
  ['Prices are on our list.', 'pass', []],
  ['For you it is 20 €.', 'hold', ['response_harm', 'clause.P1']],
  ['Take 400 mg every four hours.', 'refuse', ['response_harm', 'S6']],
]) {
  const { decision, guards } = await parapet.check({ prompt: 'And?', response })
  const found = guards.find(({ guard }) => guard === 'house-rules').labels
  console.log(decision.padEnd(6), response, found.join(', '))
  assert.equal(decision, expected)
  assert.deepEqual(found.toSorted(), labels.toSorted())
}
// The policy stands before the texts, and the same words each time: a server that keeps prefixes reads it once.
assert.match(asked[0][0].content, /### P1 Prices\nThe assistant promises no price or discount\./)
assert.equal(asked[0][0].content, asked[1][0].content)

// A model that answers in another form gives no verdict, and that is an error.
engine.complete = async () => ({ text: 'I think that is fine.', tokens: null, finish: 'stop', usage: null })
const { decision, error } = await parapet.check({ prompt: 'And?', response: 'Our shop opens at nine.' })
console.log(decision.padEnd(6), error.message)
assert.equal(decision, 'error')
await parapet.close()
