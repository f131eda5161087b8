// Teaches a tiny bot to take part in guided conversations, lets it pick up bad habits from logs, and aligns it by IPO on good turns
// before bad ones. Prints how many turns keep the guideline, before and after.
import assert from 'node:assert/strict'
import { alignDecoder, flows } from 'parapet/lab/align'
import { loadOnnxRuntime } from 'parapet/nn'

const runtime = await loadOnnxRuntime()
const made = { language: 'en', seed: 1, count: 3000 }
const model = await flows.flowModel(flows.goodTurns(made), { vocabularySize: 512 })

// From nothing to a bot that can do it, then logs of which three in four turns break a rule.
const shared = { runtime, model, tokensPerStep: 1024, seed: 1 }
const { parameters } = await flows.pretrain({
  ...{ ...shared, turns: flows.goodTurns(made), steps: 580, learningRate: 2e-3 },
})
await flows.pretrain({
  ...{ ...shared, turns: flows.loggedTurns(made, 0.75), from: parameters, steps: 60, learningRate: 1e-3 },
})

const situations = flows.flowSituations('test', { language: 'en', seed: 7, count: 80 })
const adherence = () =>
  flows.withAnswers({ runtime, model, parameters, temperature: 1, seed: 1 }, async (answer) => {
    const { report } = await flows.evaluateFlows(
      async (prompts) => (await answer(prompts)).map(({ text }) => text),
      situations,
    )
    return report.joint.rate
  })

const before = await adherence()
const pairs = flows.rulePairs({ ...made, seed: 2, count: 1200 })
await alignDecoder({
  ...{ runtime, config: model.config, tokenizer: model.tokenizer, parameters, data: { pairs } },
  ...{ loss: { kind: 'ipo', tau: 0.1, logRatio: 'sum' }, steps: 50, batch: 16, learningRate: 3e-4, seed: 1 },
})
const after = await adherence()
console.log(`turns that keep the guideline: ${before.toFixed(2)} before, ${after.toFixed(2)} after`)
assert.ok(after > before + 0.1)
