// Makes an off-topic guard from a specification (examples/develop/garden.yaml), without data, network or key, and puts it in front of an
// application. The samples come from a grammar: docs/guides/develop.md tells how a model writes better ones.
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createParapet } from 'parapet'
import { loadTopicEngine } from 'parapet/engines/embedded'
import { createTopicGuard } from 'parapet/guards/topic'
import { runDevelop } from 'parapet/lab/develop'

const specification = fileURLToPath(new URL('develop/garden.yaml', import.meta.url))
const folder = await mkdtemp(join(tmpdir(), 'parapet-develop-'))
try {
  const out = join(folder, 'guard')
  const { conclusion, subjects } = await runDevelop({
    ...{ specification, out, scopes: 12, perScope: 24, replies: 0, threshold: 0.5, falseAlarms: 0.05, seed: 1 },
    onProgress: () => undefined,
  })
  console.log(conclusion)
  const [own, cosine] = subjects
  assert.ok(own.figures.auc > cosine.figures.auc)

  const engine = await loadTopicEngine(join(out, 'topic.bin'))
  const parapet = await createParapet(
    { parapet: 1, rails: { input: ['topic'] } },
    { guards: [createTopicGuard({ engine })] },
  )
  const system =
    'You are the garden helper of a small shop. You answer questions about plants, pests, soil, lawns and tools.'
  for (const prompt of ['How do I get rid of moss in the lawn?', 'Write a Python function that reverses a list']) {
    const { decision } = await parapet.check({ prompt, system })
    console.log(`${decision}: ${prompt}`)
    assert.equal(decision === 'pass', prompt.includes('lawn'))
  }
  await parapet.close()
  assert.match(await readFile(join(out, 'report.html'), 'utf8'), /What it cannot do/)
} finally {
  await rm(folder, { recursive: true })
}
