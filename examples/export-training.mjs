// Writes data and settings for TRL and LLaMA-Factory, checks what was written, and reads back an adapter as they give one.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readAdaptedCheckpoint, readCheckpoint, writeAdapter, writeCheckpoint } from 'parapet/lab/checkpoints'
import { EXPORT_DEFAULTS, exportFolderFaults, runExport, worldSource } from 'parapet/lab/export'
import { CHATML_TEMPLATE, CHATML_TOKENS, initialDecoder, loadTokenizer, trainBytePairs } from 'parapet/nn'

// A small model to tune: any Hugging Face folder of a Llama or Qwen2 does.
const folder = mkdtempSync(join(tmpdir(), 'parapet-example-'))
const model = join(folder, 'model')
const [begin, end] = CHATML_TOKENS
const trained = trainBytePairs(['say red', 'kolo'], {
  ...{ vocabularySize: 280, specialTokens: [begin, end], endToken: end, chatTemplate: CHATML_TEMPLATE, leastCount: 1 },
})
const { vocabularySize, endToken } = await loadTokenizer(trained)
const config = {
  ...{ architecture: 'llama', vocabularySize, width: 32, layers: 1, heads: 2, keyValueHeads: 1, headWidth: 16 },
  ...{ feedForward: 48, maxLength: 256, ropeTheta: 10_000, epsilon: 1e-5, tiedEmbeddings: true, endTokens: [endToken] },
}
mkdirSync(model)
await writeCheckpoint(model, { config, parameters: initialDecoder(config, 1), tokenizer: trained })

// Conversations for SFT by TRL: here the training rows of the generated world.
const world = { stage: 'aligned', rows: 500, seed: 1 }
const trl = join(folder, 'trl')
const sft = { ...EXPORT_DEFAULTS, trainer: 'trl', method: { kind: 'sft' }, learningRate: 2e-4, model }
for (const line of await runExport({ ...sft, source: worldSource('sft', world), out: trl })) console.log(line)
assert.deepEqual(exportFolderFaults(trl, 'trl'), [])
assert.match(readFileSync(join(trl, 'config.yaml'), 'utf8'), /assistant_only_loss: true/)

// Preference pairs for IPO by LLaMA-Factory: what is called τ here is called pref_beta there.
const pairs = join(folder, 'pairs')
const ipo = { ...sft, trainer: 'llama-factory', method: { kind: 'ipo', tau: 0.5 }, learningRate: 5e-6, name: 'world' }
for (const line of await runExport({ ...ipo, source: worldSource('ipo', world), out: pairs })) console.log(line)
assert.deepEqual(readdirSync(join(pairs, 'data')).toSorted(), ['dataset_info.json', 'world.json'])
assert.match(readFileSync(join(pairs, 'train.yaml'), 'utf8'), /pref_loss: "ipo"\npref_beta: 0.5\n/)

// What comes back from LoRA is a PEFT folder; it is merged as it is read. This one is made up.
const layer = {
  a: { shape: [1, 32], data: new Float32Array(32).fill(1) },
  b: { shape: [32, 1], data: new Float32Array(32).fill(0.5) },
}
const output = join(trl, 'output')
mkdirSync(output)
await writeAdapter(output, { rank: 1, alpha: 2, layers: { 'model.layers.0.self_attn.q_proj': layer } })
const name = 'model.layers.0.self_attn.q_proj.weight'
const before = (await readCheckpoint(model)).parameters[name].data
const after = (await readAdaptedCheckpoint(model, output)).parameters[name].data
assert.ok(after.every((value, at) => Math.abs(value - before[at] - 1) < 1e-6))
console.log('an adapter came back: every weight of the layer moved by α/r · B·A = 1')

rmSync(folder, { recursive: true })
