/** A checkpoint in this process as a completion engine: what llama.cpp's answers are compared with. Greedy, without probabilities. */
import { type Guard, END_OF_TURN } from '../../src/lab/distill/index.ts'
import { DecoderGenerator } from '../../src/nn/decoder/generator.ts'
import type { OnnxRuntime } from '../../src/nn/runtime/onnx-runtime.ts'
import type { CompletionEngine } from '../../src/spec/index.ts'

export async function checkpointEngine(
  runtime: OnnxRuntime,
  { config, parameters, tokenizer }: Guard,
): Promise<CompletionEngine> {
  const generator = await DecoderGenerator.load(runtime, config, parameters)
  const end = tokenizer.tokenId(END_OF_TURN) ?? 0
  return {
    ...{ specVersion: 'v1', kind: 'completion', id: 'checkpoint', version: '1' },
    async complete({ completion, maxTokens }) {
      const prompt = tokenizer.encode(completion ?? '', { special: true })
      const room = Math.min(maxTokens, config.maxLength - prompt.length)
      const [answer] = await generator.generate([prompt], { maxTokens: room, stopTokens: [end] })
      if (answer === undefined) throw new Error('There is no answer.')
      const usage = { promptTokens: prompt.length, completionTokens: answer.ids.length }
      return { text: tokenizer.decode(answer.ids), tokens: null, finish: answer.end, usage }
    },
  }
}
