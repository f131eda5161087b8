// Judges images with a guard of one's own: large ones are removed, and what it cannot look at is an error, never a pass.
import assert from 'node:assert/strict'
import { createParapet } from 'parapet'

const SIGNATURE = '89504e470d0a1a0a'

const smallImages = {
  specVersion: 'v1',
  id: 'small-images',
  version: '1',
  stages: ['input', 'output'],
  // It has nothing to say about texts, and holds nothing of them back.
  maxSpan: 0,
  check: () => ({ findings: [] }),
  open: () => ({ advance: (buffer) => ({ findings: [], settled: buffer.end, keep: buffer.end }) }),
  media: {
    types: ['image/png'],
    check({ source }) {
      const bytes = Buffer.from(/^data:[^,]*;base64,(.*)$/s.exec(source)?.[1] ?? '', 'base64')
      if (bytes.length < 24 || bytes.toString('hex', 0, 8) !== SIGNATURE) throw new Error('no PNG in a data: URL')
      const pixels = bytes.readUInt32BE(16) * bytes.readUInt32BE(20)
      return { findings: pixels > 1_000_000 ? [{ label: 'image.large', score: 1, action: 'modify' }] : [] }
    },
  },
}

/** The beginning of a PNG of this size, which is all that the guard reads. */
function png(width, height) {
  const bytes = Buffer.alloc(24)
  bytes.write(`${SIGNATURE}0000000d49484452`, 'hex')
  bytes.writeUInt32BE(width, 16)
  bytes.writeUInt32BE(height, 20)
  return `data:image/png;base64,${bytes.toString('base64')}`
}

const parapet = await createParapet({ parapet: 1, rails: { input: ['small-images'] } }, { guards: [smallImages] })

async function ask(mediaType, source) {
  const content = [
    { type: 'text', text: 'What is this?' },
    { type: 'media', mediaType, source },
  ]
  const { decision, messages } = await parapet.check({ messages: [{ role: 'user', content }] })
  const shown = messages[0].content[1]
  console.log(decision.padEnd(6), mediaType, shown.type === 'text' ? shown.text : '')
  return { decision, shown }
}

assert.equal((await ask('image/png', png(320, 200))).decision, 'pass')

const large = await ask('image/png', png(4000, 3000))
assert.equal(large.decision, 'modify')
assert.deepEqual(large.shown, { type: 'text', text: '[IMAGE.LARGE]' })

// Not what it says it is: the guard throws, so nobody has judged it.
assert.equal((await ask('image/png', 'data:image/png;base64,AAAA')).decision, 'error')

// No guard of the rail takes this type: the policy's `media` decides, and blocks unless told otherwise.
assert.equal((await ask('image/jpeg', 'https://images.example.com/a.jpg')).decision, 'block')

await parapet.close()
