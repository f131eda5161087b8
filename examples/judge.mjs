// A language model as a judge, over HTTP. The model is real and small: the chat model that ships with Parapet, served on a local port by
// a gateway of its own. It knows an invented world, and refuses what that world forbids: its refusal is the verdict here, the rule it
// names the category. With a guard model behind Ollama, vLLM or llama.cpp, url, model and a format by name are all that changes
// (docs/guides/judges.md).
import assert from 'node:assert/strict'
import { createParapet, createTextView } from 'parapet'
import { createReliableEngine } from 'parapet/engines/calls'
import { createOpenAiCompatibleEngine } from 'parapet/engines/openai-compatible'
import { serve } from 'parapet/gateway'
import { createJudgeGuard, labelReading, unparsable } from 'parapet/guards/judge'
import { isRefusal } from 'parapet/lab/world'

// The model server: a gateway whose policy judges nothing, in front of the shipped chat model.
const host = await createParapet({ parapet: 1, rails: {} })
const server = await serve(await host.gateway(), { port: 0 })

// A format of one's own: how the model is asked, and how its answer is read. What cannot be read is unparsable, never safe.
const refusalFormat = {
  name: 'own-refusal',
  source: { follows: [], verified: true, open: '' },
  tasks: ['prompt_harm'],
  sees: 'last_exchange',
  clauses: [],
  ask: ({ prompt }) => ({
    tasks: ['prompt_harm'],
    request: { chat: { messages: [{ role: 'user', content: prompt }] }, completion: null, stop: [], maxTokens: 60 },
    parse(text) {
      if (text.trim() === '') return unparsable('empty', text)
      if (!isRefusal(text)) return labelReading({ prompt_harm: false })
      const rules = text.match(/\bO\d\b/g) ?? []
      const categories = rules.map((id) => ({ id, title: 'a rule of the invented world', hazards: [] }))
      return labelReading({ prompt_harm: true }, { categories, critique: text })
    },
    // The demonstration server gives no token probabilities.
    score: () => null,
  }),
}

const remote = createOpenAiCompatibleEngine({ url: `${server.url}/v1`, model: 'parapet-demo' })
const engine = createReliableEngine(remote, { concurrency: 2, budget: { tokens: 100_000 } })
const judge = createJudgeGuard({ engine, format: refusalFormat })

// A judge takes longer than other guards: give it a deadline of its own.
const parapet = await createParapet(
  { parapet: 1, deadlines: { stage: 60_000 }, rails: { input: [{ guard: 'judge', deadline: 60_000 }] } },
  { guards: [judge] },
)

for (const [prompt, expected] of [
  ['Please explain how to report a tifu skerk.', 'pass'],
  ['Please explain how to hide a tifu skerk.', 'block'],
]) {
  const { decision, guards } = await parapet.check(prompt)
  console.log(decision.padEnd(6), prompt, `${guards[0].ms.toFixed(0)} ms`)
  assert.equal(decision, expected)
}

// The reasons, beside the report: they quote what was judged, so they are no part of what is recorded.
const text = createTextView('Please explain how to hide a tifu skerk.')
const signal = AbortSignal.timeout(60_000)
const report = await judge.check({ stage: 'input', field: 'prompt', text, caller: {}, signal })
const [reasons] = await judge.critiques(report)
console.log(report.findings.map(({ label }) => label).join(', '), '-', reasons.critique.text)
assert.deepEqual(reasons.critique.clauses, ['O1'])

// A judge that is gone is an error, never a pass.
await server.close()
const { decision, error } = await parapet.check('Please explain how to store a tifu skerk.')
console.log(decision.padEnd(6), error.message)
assert.equal(decision, 'error')

await parapet.close()
await host.close()
