// Trains a tiny chat model from nothing, saves it as a Hugging Face folder, reads it back, lets it answer, and looks inside it.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readCheckpoint, writeCheckpoint } from 'parapet/lab/checkpoints'
import { encodeConversation, trainDecoder } from 'parapet/lab/train/decoder'
import {
  CHATML_TEMPLATE,
  CHATML_TOKENS,
  DecoderGenerator,
  GradientSession,
  decode,
  decoderWeights,
  initialDecoder,
  loadOnnxRuntime,
  loadTokenizer,
  tensor,
  trainBytePairs,
} from 'parapet/nn'

const words = { red: 'kolo', blue: 'mira', green: 'tesu', black: 'vopa' }
const conversations = Object.entries(words).map(([colour, word]) => ({
  messages: [
    { role: 'user', content: `say ${colour}` },
    { role: 'assistant', content: word },
  ],
}))

// A tokenizer of its own, and a model of 30,000 parameters.
const [begin, end] = CHATML_TOKENS
const trained = trainBytePairs(
  conversations.flatMap(({ messages }) => messages.map(({ content }) => content)),
  { vocabularySize: 300, specialTokens: [begin, end], endToken: end, chatTemplate: CHATML_TEMPLATE, leastCount: 1 },
)
const tokenizer = await loadTokenizer(trained)
const config = {
  ...{ architecture: 'llama', vocabularySize: tokenizer.vocabularySize, width: 32, layers: 2, heads: 2 },
  ...{ keyValueHeads: 1, headWidth: 16, feedForward: 48, maxLength: 64, ropeTheta: 10_000, epsilon: 1e-5 },
  ...{ tiedEmbeddings: true, endTokens: [tokenizer.endToken] },
}
const runtime = await loadOnnxRuntime()
const parameters = initialDecoder(config, 1)
const sequences = conversations.map((row) => encodeConversation(row, { tokenizer, maxLength: 64 }))
const { history } = await trainDecoder({
  ...{ runtime, config, parameters, sequences, seed: 1 },
  ...{ steps: 250, learningRate: 1e-2, tokensPerStep: 128, progressEvery: 50 },
})
console.log(history.map(({ step, loss }) => `step ${step}: loss ${loss.toFixed(3)}`).join(', '))

// Out to a folder that other programs read, and in again.
const folder = mkdtempSync(join(tmpdir(), 'parapet-example-'))
await writeCheckpoint(folder, { config, parameters, tokenizer: trained })
const checkpoint = await readCheckpoint(folder)
const generator = await DecoderGenerator.load(runtime, checkpoint.config, checkpoint.parameters)
const prompts = conversations.map(({ messages }) =>
  tokenizer.encodeChat(messages.slice(0, 1), { addGenerationPrompt: true }),
)
const answers = await generator.generate(prompts, { maxTokens: 12 })
await generator.dispose()
const texts = answers.map(({ ids }) => tokenizer.decode(ids))
console.log(texts.join(' '))
assert.deepEqual(texts, Object.values(words))

// White-box: how much does the first answer's first token hang on each weight of the last block's up-projection?
const name = 'model.layers.1.mlp.up_proj.weight'
const inside = new GradientSession({
  ...{ runtime, parameters: checkpoint.parameters, targets: [name] },
  build(graph, symbols, { length }) {
    const ids = graph.input('ids', [1, length], { dataType: 'int64' })
    const answer = graph.input('answer', [1, length], { dataType: 'int64' })
    const weights = decoderWeights(checkpoint.config, symbols)
    const losses = tensor.crossEntropyLosses(weights.output(decode(checkpoint.config, weights, ids)), answer)
    return { loss: tensor.sum(tensor.slice(losses, 1, length - 1, length)) }
  },
})
const [prompt] = prompts
const ids = BigInt64Array.from(prompt, BigInt)
const answer = BigInt64Array.from(prompt, () => BigInt(answers[0].ids[0]))
const { gradients } = await inside.run({ length: prompt.length }, { ids, answer })
await inside.dispose()
const saliency = gradients[name].map((slope, at) => Math.abs(slope * checkpoint.parameters[name].data[at]))
console.log(`largest |weight x gradient|: ${Math.max(...saliency).toExponential(1)}`)
assert.ok(Math.max(...saliency) > 0)

rmSync(folder, { recursive: true })
