// Guards a model's answer while it grows. What is masked in the whole text is masked in the stream, wherever it was cut.
import assert from 'node:assert/strict'
import { createParapet } from 'parapet'

async function* modelAnswer() {
  for (const piece of ['The garden is open on Sundays. Write to jane', '.doe@exam', 'ple.org for', ' a tour.'])
    yield piece
}

const parapet = await createParapet()
const guarded = parapet.guardStream(modelAnswer(), { prompt: 'When is the garden open?' })

let shown = ''
for await (const text of guarded) {
  process.stdout.write(text)
  shown += text
}
process.stdout.write('\n')

const { decision } = await guarded.result
assert.equal(decision, 'modify')
assert.ok(!shown.includes('jane') && !shown.includes('example.org'))
assert.ok(shown.startsWith('The garden is open on Sundays. Write to ') && shown.endsWith(' for a tour.'))

await parapet.close()
