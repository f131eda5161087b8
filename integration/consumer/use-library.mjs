// What the first page of the documentation shows, run from an installed package.
import assert from 'node:assert/strict'
import { createParapet } from 'parapet'

const parapet = await createParapet()
const { decision, text } = await parapet.check({ prompt: 'Write to jane.doe@example.org about the garden' })
assert.equal(decision, 'modify')
assert.ok(!text.includes('jane.doe'))

async function* answer() {
  yield 'Write to jane.d'
  yield 'oe@example.org.'
}
let shown = ''
for await (const piece of parapet.guardStream(answer())) shown += piece
assert.ok(!shown.includes('jane'))

const response = await parapet.fetch(
  new Request('http://127.0.0.1/v1/guard', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ prompt: 'How do I cook rice?' }),
  }),
)
assert.equal(response.status, 200)
assert.equal((await response.json()).decision, 'pass')

await parapet.close()
console.log('check, guardStream, fetch')
