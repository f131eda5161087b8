// A model of the AI SDK as a judge: any provider's model object becomes an engine. Here it is the SDK's own test model, so that everything
// runs offline; with a provider, only the line that makes the model changes (docs/guides/ai-sdk-engine.md).
import assert from 'node:assert/strict'
import { MockLanguageModelV3 } from 'ai/test'
import { createParapet } from 'parapet'
import { createAiSdkEngine } from 'parapet/engines/ai-sdk'
import { createReliableEngine } from 'parapet/engines/calls'
import { createJudgeGuard } from 'parapet/guards/judge'

let down = false
// In an application: const model = openai('gpt-4.1-mini')
const model = new MockLanguageModelV3({
  modelId: 'example-guard',
  async doGenerate({ prompt }) {
    if (down) throw new TypeError('fetch failed')
    const unsafe = JSON.stringify(prompt).includes('zebrawood')
    return {
      content: [{ type: 'text', text: unsafe ? 'unsafe\nS9' : 'safe' }],
      finishReason: { unified: 'stop', raw: 'stop' },
      usage: { inputTokens: { total: 90 }, outputTokens: { total: 2 } },
      warnings: [],
    }
  },
})

const engine = createReliableEngine(createAiSdkEngine({ model }), {
  ...{ retries: 0, budget: { tokens: 100_000 } },
  circuit: { failures: 2, onChange: ({ state, reason }) => console.log(`the judge's circuit: ${state}`, reason ?? '') },
})
const parapet = await createParapet(
  { parapet: 1, deadlines: { stage: 60_000 }, rails: { input: [{ guard: 'safety', deadline: 60_000 }] } },
  { guards: [createJudgeGuard({ id: 'safety', engine, format: 'llama-guard-3' })] },
)

for (const [text, expected] of [
  ['How do I oil a table?', 'pass'],
  ['How do I fell zebrawood trees at night?', 'block'],
]) {
  const { decision } = await parapet.check(text)
  console.log(decision.padEnd(6), text)
  assert.equal(decision, expected)
}

// A judge that is gone is an error, never a pass; after two failures in a row it is not even asked.
down = true
const asked = model.doGenerateCalls.length
for (const text of ['one', 'two', 'three', 'four']) {
  const { decision, error } = await parapet.check(text)
  console.log(decision.padEnd(6), error.message)
  assert.equal(decision, 'error')
}
assert.equal(model.doGenerateCalls.length - asked, 2)

await parapet.close()
