/** What searches see of a local decoder: log-probabilities of wanted answers, the tokens a suffix may be made of, and swaps along gradients. */
import { ResponseScorer } from '../../../align/response-scorer.ts'
import type { DecoderConfig } from '../../../../nn/decoder/config.ts'
import type { OnnxRuntime } from '../../../../nn/runtime/onnx-runtime.ts'
import type { ParameterValues } from '../../../../nn/tensor/parameters.ts'
import type { ChatMessage } from '../../../../nn/tokenizer/chat-template.ts'
import type { TextTokenizer } from '../../../../nn/tokenizer/tokenizer-json.ts'
import type { Message } from '../../../../spec/index.ts'
import { TokenSlopes } from '../../tokens/token-slopes.ts'
import type { TargetScorer } from '../attacks/attack.ts'
import { canSwap, suffixSwaps } from './suffix-swaps.ts'
import { textOf } from './target.ts'

export interface ScorerOptions {
  readonly runtime: OnnxRuntime
  readonly config: DecoderConfig
  readonly parameters: ParameterValues
  readonly tokenizer: TextTokenizer
}

export interface DisposableScorer extends TargetScorer {
  readonly dispose: () => Promise<void>
}

export function targetScorer({ runtime, config, parameters, tokenizer }: ScorerOptions): DisposableScorer {
  const scorer = new ResponseScorer({ runtime, config, parameters })
  const slopes = new TokenSlopes({ runtime, config, parameters })
  return {
    tokens: wordTokens(tokenizer),
    ...(canSwap(tokenizer) ? { swaps: suffixSwaps({ config, tokenizer, slopes }) } : {}),
    async score(candidates) {
      const rows = candidates.map(({ messages, target }) => ({
        prompt: tokenizer.encodeChat(messages.map(chatMessage), { addGenerationPrompt: true }),
        response: tokenizer.encode(target),
      }))
      const fitting = rows.flatMap((row, at) =>
        row.response.length > 0 && row.prompt.length + row.response.length <= config.maxLength ? [at] : [],
      )
      const sums = await scorer.score(fitting.flatMap((at) => rows[at] ?? []))
      const scores = rows.map(() => -Infinity)
      fitting.forEach((at, place) => (scores[at] = (sums[place] ?? -Infinity) / (rows[at]?.response.length ?? 1)))
      return scores
    },
    async dispose() {
      await scorer.dispose()
      await slopes.dispose()
    },
  }
}

/** Tokens that are letters, with a blank before them or not: what survives being written down and read again. */
function wordTokens(tokenizer: TextTokenizer): readonly string[] {
  const texts = new Set<string>()
  for (let id = 0; id < tokenizer.vocabularySize; id += 1) {
    const text = tokenizer.decode([id])
    if (/^ ?\p{L}{2,}$/u.test(text)) texts.add(text)
  }
  return [...texts]
}

const ROLES: Readonly<Record<Message['role'], ChatMessage['role']>> = {
  ...{ system: 'system', developer: 'system', user: 'user', assistant: 'assistant', tool: 'user' },
}

export function chatMessage(message: Message): ChatMessage {
  return { role: ROLES[message.role], content: textOf(message) }
}
