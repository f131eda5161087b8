// Judges one text with the built-in policy: personal data is masked before it reaches a model.
import assert from 'node:assert/strict'
import { createParapet } from 'parapet'

const parapet = await createParapet()

const result = await parapet.check({ prompt: 'Write to jane.doe@example.org about the garden' })
console.log(result.decision, '→', result.text)

assert.equal(result.decision, 'modify')
assert.ok(!result.text?.includes('jane.doe'))
assert.equal((await parapet.check({ prompt: 'How do I cook rice?' })).decision, 'pass')

await parapet.close()
