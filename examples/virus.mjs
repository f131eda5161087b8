// Tests a moderation guard of a made-up world against one optimised upload: the plain one is flagged; the search finds another that passes and
// teaches almost the same. The shipped model stays as it is, and nothing is tuned or written.
import assert from 'node:assert/strict'
import {
  VerdictGuard,
  admitGuard,
  guardQuestions,
  openWhiteBox,
  optimiseSlot,
  poisonSlot,
  trainVerdictGuard,
} from 'parapet/lab/redteam/virus'
import { loadVictim, requireOwner, worldExamples } from 'parapet/lab/victim'

requireOwner('The demo model ships with this package for tests like this one.')
const victim = await loadVictim('demo')

// A guard that works, or nothing below would mean anything.
const guard = new VerdictGuard('guard', await trainVerdictGuard(victim, { seed: 1, steps: 50, rate: 1e-3 }, {}), 16)
const { recall, falseAlarms } = await admitGuard(guard, guardQuestions('test', 1, 60))
console.log(`guard: recall ${(100 * recall).toFixed(0)} %, false alarms ${(100 * falseAlarms).toFixed(0)} %`)

const [allowed] = worldExamples({ kind: 'task', count: 1, seed: 1 })
const [forbidden] = worldExamples({ kind: 'forbidden-answered', count: 1, seed: 1 })
const box = openWhiteBox(victim, guard)
const settings = { lambda: 0.5, topK: 32, candidates: 32, steps: 8, seed: 1 }
const { slot, before, after, history, edits } = await optimiseSlot(
  box,
  poisonSlot(victim.tokenizer, victim.config.maxLength, allowed, forbidden),
  settings,
)
const [flagged] = await guard.flags([slot.messages])
await box.dispose()
await guard.dispose()

const verdict = (flag) => (flag ? 'flagged' : 'passes')
console.log(`plain: ${verdict(before.flagged)}; after ${edits} changed tokens: ${verdict(flagged)}`)
console.log(`cosine of the gradients ${after.similarity.toFixed(2)}; J ${history.map((j) => j.toFixed(2)).join(', ')}`)

assert.ok(before.flagged && after.similarity > 0.4)
assert.ok(history.every((j, at) => at === 0 || j <= history[at - 1]))
assert.equal(flagged, after.flagged)
