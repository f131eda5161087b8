// What LiteLLM's generic guardrail asks before a call and after it, and what it is told: changed texts, or that it has to stop.
import assert from 'node:assert/strict'
import { createParapet } from 'parapet'

const parapet = await createParapet()

async function ask(body) {
  const response = await parapet.fetch(
    new Request('http://parapet.local/beta/litellm_basic_guardrail_api', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ request_data: {}, ...body }),
    }),
  )
  const answer = await response.json()
  console.log(response.status, answer.action, answer.texts ?? answer.blocked_reason ?? '')
  return answer
}

const before = await ask({ input_type: 'request', texts: ['Be brief.', 'Write to jane.doe@example.org'] })
assert.equal(before.action, 'GUARDRAIL_INTERVENED')
assert.equal(before.texts.length, 2)
assert.ok(!before.texts[1].includes('jane.doe'))

const after = await ask({ input_type: 'response', texts: ['Of course. Here is a recipe for rice.'] })
assert.equal(after.action, 'NONE')

await parapet.close()
