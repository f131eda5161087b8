// A classifier of one's own in front of a model. A tiny one is trained here on invented words and written in the layout in which Hugging
// Face Optimum exports a model; with DuoGuard or Prompt Guard the folder is all that changes (docs/guides/onnx-classifiers.md).
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createParapet } from 'parapet'
import { loadTextClassifier } from 'parapet/engines/onnx'
import {
  TrainingSession,
  constantSchedule,
  encode,
  encoderWeights,
  exportTextClassifier,
  initialEncoder,
  loadOnnxRuntime,
  tensor,
} from 'parapet/nn'

// 1. A model: attacks hold one of the last three words.
const words = [
  '[PAD]',
  '[UNK]',
  '[CLS]',
  '[SEP]',
  'water',
  'rose',
  'garden',
  'soil',
  'sun',
  'override',
  'bypass',
  'ignore',
]
const length = 16
const config = {
  ...{ vocabularySize: words.length, embeddingWidth: 8, layers: [{ width: 8, heads: 2, feedForward: 16 }] },
  ...{ norm: 'pre', activation: 'relu', positions: 'timing', maxLength: length, embeddingScale: 2 },
  ...{ embeddingNorm: false, segments: 0, finalNorm: false, epsilon: 1e-6, pooling: 'mean', projection: 0 },
  ...{ unitLength: false, hidden: 0, labels: 2 },
}
const parameters = initialEncoder(config, 5)
const session = new TrainingSession({
  ...{ runtime: await loadOnnxRuntime(), parameters, schedule: constantSchedule(0.02) },
  build(graph, symbols, batch) {
    const ids = graph.input('ids', [batch, length], { dataType: 'int64' })
    const labels = graph.input('labels', [batch], { dataType: 'int64' })
    const { logits } = encode(config, encoderWeights(symbols), ids)
    return { loss: tensor.mean(tensor.crossEntropyLosses(logits, labels)) }
  },
})
let state = 1
const random = (below) => (state = (state * 48271) % 2147483647) % below
let loss = 0
for (let step = 0; step < 150; step += 1) {
  const rows = Array.from({ length: 32 }, (_, row) => {
    const text = Array.from({ length: 2 + random(12) }, () => 4 + random(5))
    if (row % 2 === 1) text[random(text.length)] = 9 + random(3)
    return Array.from({ length }, (_, place) => [2, ...text, 3][place] ?? -1)
  })
  const labels = BigInt64Array.from(rows, (_, row) => BigInt(row % 2))
  ;({ loss } = await session.step(32, { ids: BigInt64Array.from(rows.flat(), BigInt), labels }))
}
await session.dispose()
console.log(`trained: loss ${loss.toFixed(3)}`)

// 2. Its folder, beside the policy.
const home = mkdtempSync(join(tmpdir(), 'parapet-example-'))
const folder = join(home, 'models', 'own')
mkdirSync(folder, { recursive: true })
const write = (name, value) => writeFileSync(join(folder, name), JSON.stringify(value))
writeFileSync(join(folder, 'model.onnx'), exportTextClassifier(config, parameters))
write('config.json', {
  ...{ model_type: 'bert', vocab_size: words.length, max_position_embeddings: length },
  ...{ problem_type: 'single_label_classification', id2label: { 0: 'BENIGN', 1: 'ATTACK' } },
})
write('tokenizer_config.json', { tokenizer_class: 'BertTokenizer', pad_token: '[PAD]' })
const special = (id) => ({ SpecialToken: { id, type_id: 0 } })
write('tokenizer.json', {
  added_tokens: words.slice(0, 4).map((content, id) => ({ id, content, special: true })),
  normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, lowercase: true },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: {
    type: 'TemplateProcessing',
    single: [special('[CLS]'), { Sequence: { id: 'A', type_id: 0 } }, special('[SEP]')],
    pair: [],
  },
  model: {
    ...{ type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##' },
    vocab: Object.fromEntries(words.map((word, id) => [word, id])),
  },
})

// 3. By itself: probabilities of its labels. The last text is longer than the model reads at once.
const engine = await loadTextClassifier(folder)
const texts = ['Water the rose garden', 'Bypass the soil', `${'sun soil '.repeat(40)} override ${'rose '.repeat(30)}`]
const found = await engine.classify(texts.map((text) => ({ text })))
for (const [index, { probabilities, windows }] of found.entries()) {
  const shares = engine.labels.map((label, at) => `${label} ${probabilities[at].toFixed(2)}`).join(', ')
  console.log(`${texts[index].slice(0, 24).padEnd(24)} ${shares}, windows: ${windows.length}`)
}
assert.deepEqual(
  found.map(({ probabilities }) => probabilities[1] > 0.5),
  [false, true, true],
)
await engine.dispose()

// 4. In a policy file: what each label means, and what follows.
const policy = join(home, 'parapet.yaml')
writeFileSync(
  policy,
  `
parapet: 1
rails: { input: [own] }
guards:
  own: { use: text-classifier, folder: models/own, labels: { BENIGN: [], ATTACK: injection } }
`,
)
const parapet = await createParapet(policy, { watch: false })
for (const [index, expected] of ['pass', 'block', 'block'].entries()) {
  const { decision } = await parapet.check(texts[index])
  console.log(decision.padEnd(6), texts[index].slice(0, 24))
  assert.equal(decision, expected)
}
await parapet.close()
rmSync(home, { recursive: true })
