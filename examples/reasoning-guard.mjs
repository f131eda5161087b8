// Critiques from a teacher that is handed the labels, checked; a tiny guard taught on them; its label and its critique. Everything is invented:
// papers may be drawn and not forged. The teacher is played by a function; any engine can take its place.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { judgeFormat } from 'parapet/guards/judge'
import { writeGguf } from 'parapet/lab/checkpoints'
import {
  checkpointOf,
  createEngineTeacher,
  freshGuard,
  guardTokenizer,
  judgeGuardedRows,
  keptTexts,
  synthesise,
  thinkGuardExample,
  trainGuard,
} from 'parapet/lab/distill'
import { loadOnnxRuntime } from 'parapet/nn'

const policy = [{ id: 'T1', title: 'Forged papers', hazards: ['S2'] }]
const rows = ['a ticket', 'a map', 'a card', 'a letter', 'a stamp', 'a pass'].flatMap((thing) =>
  ['Forge', 'Draw'].map((verb) => ({
    ...{
      id: `${verb} ${thing}`,
      source: 'papers',
      prompt: `${verb} ${thing}`,
      hazards: verb === 'Forge' ? ['S2'] : [],
    },
    labels: { prompt_harm: verb === 'Forge', refusal: null, response_harm: null },
  })),
)

// A teacher that refuses its first question, as teachers do, and is asked again.
let asked = 0
const engine = {
  ...{ specVersion: 'v1', kind: 'completion', id: 'teacher', version: '1' },
  complete: async ({ chat }) => {
    asked += 1
    const unsafe = chat.messages[1].content.includes('the request is unsafe')
    const critique = unsafe
      ? 'The request is unsafe. It falls under T1 (Forged papers).'
      : 'The request is safe. It breaks no rule.'
    const text = asked === 1 ? 'I’m sorry, but I can’t help with that.' : critique
    return { text, tokens: null, finish: 'stop', usage: { promptTokens: 200, completionTokens: 20 } }
  },
}
const folder = mkdtempSync(join(tmpdir(), 'parapet-example-'))
const out = join(folder, 'critique.jsonl')
const outcome = await synthesise({ kind: 'critique', rows, policy, teacher: createEngineTeacher({ engine }), out })
console.log(`${outcome.kept} critiques in ${outcome.calls} calls; refused: ${outcome.faults.refused}`)
assert.deepEqual([outcome.kept, outcome.dropped, outcome.faults.refused], [12, 0, 1])

// Label and critique as two turns, in the bytes that the judge format asks with.
const format = judgeFormat('thinkguard', { clauses: policy })
const critiques = keptTexts(out)
const examples = rows.map((row) => thinkGuardExample(row, critiques.get(row.id), format))
const shape = { width: 48, layers: 2, heads: 2, maxLength: 320, vocabularySize: 600 }
const guard = await freshGuard(guardTokenizer(examples, shape), shape, 1)
const runtime = await loadOnnxRuntime()
await trainGuard(guard, examples, {
  ...{ runtime, seed: 1, learningRate: 4e-3, passes: 20, reduction: 'turn-mean', tokensPerStep: 512 },
})

// It judges through the same format, and llama.cpp can serve it.
const judged = await judgeGuardedRows(guard, rows, { runtime, format, maxTokens: 8 })
for (const { id, reading, scores } of judged.slice(0, 2))
  console.log(`${id}: ${reading.labels.prompt_harm ? 'unsafe' : 'safe'}, P(unsafe) ${scores.prompt_harm.toFixed(2)}`)
assert.ok(judged.every(({ reading }, at) => reading.labels?.prompt_harm === rows[at].labels.prompt_harm))
await writeGguf(join(folder, 'guard.gguf'), checkpointOf(guard))
rmSync(folder, { recursive: true })
