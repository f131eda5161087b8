/**
 * Llama Guard 1 to 4 as judges. By default a server with the model's own chat template renders the conversation; the raw prompt says
 * the same for completion endpoints, and alone where clauses are given, because not every version's template takes them.
 */
import type { JudgeCall, FormatSettings, FormatSource, JudgeFormat } from '../format.ts'
import type { JudgeInput, JudgeTask, PolicyClause } from '../../judge-input.ts'
import { alternatingMessages, judgedTurns } from '../chat-turns.ts'
import { checkClauses } from '../clauses.ts'
import { LLAMA_GUARD_1, LLAMA_GUARD_2, LLAMA_GUARD_3, LLAMA_GUARD_4 } from '../taxonomies/llama-guard.ts'
import { readSafeUnsafe, scoreSafeUnsafe } from './answer.ts'
import {
  FRAME_1,
  FRAME_2,
  FRAME_3,
  FRAME_4,
  llamaGuardPrompt,
  neutraliseForLlamaGuard,
  type LlamaGuardFrame,
} from './prompt.ts'

interface Version {
  readonly name: string
  readonly frame: LlamaGuardFrame
  readonly clauses: readonly PolicyClause[]
  readonly stop: readonly string[]
  readonly source: FormatSource
}

const RECIPES = 'meta-llama/llama-recipes src/llama_recipes/inference/prompt_format_utils.py @52a85e156444'
const CHAT_TEMPLATE = 'The chat template in the model folder was not read.'

export type LlamaGuardVersion = 1 | 2 | 3 | 4

const VERSIONS: Readonly<Record<LlamaGuardVersion, Version>> = {
  1: {
    name: 'llama-guard',
    frame: FRAME_1,
    clauses: LLAMA_GUARD_1,
    stop: ['</s>'],
    source: { follows: [RECIPES], verified: false, open: CHAT_TEMPLATE },
  },
  2: {
    name: 'llama-guard-2',
    frame: FRAME_2,
    clauses: LLAMA_GUARD_2,
    stop: ['<|eot_id|>', '<|end_of_text|>'],
    source: {
      follows: [RECIPES, 'meta-llama/PurpleLlama Llama-Guard2/MODEL_CARD.md @aaa0c5713749'],
      verified: false,
      open: CHAT_TEMPLATE,
    },
  },
  3: {
    name: 'llama-guard-3',
    frame: FRAME_3,
    clauses: LLAMA_GUARD_3,
    stop: ['<|eot_id|>', '<|eom_id|>', '<|end_of_text|>'],
    source: {
      follows: [RECIPES, 'meta-llama/PurpleLlama Llama-Guard3/8B/MODEL_CARD.md @c6616ce56703'],
      verified: false,
      open: `${CHAT_TEMPLATE} Copies of it put two newlines where the file has a space behind the user header.`,
    },
  },
  4: {
    name: 'llama-guard-4',
    frame: FRAME_4,
    clauses: LLAMA_GUARD_4,
    stop: ['<|eot|>', '<|end_of_text|>'],
    source: {
      follows: ['meta-llama/PurpleLlama Llama-Guard4/12B/MODEL_CARD.md @f45e4adc946d (taxonomy)'],
      verified: false,
      open:
        'No prompt of Meta could be read: the raw prompt is that of the third version with the control tokens of Llama 4 and the ' +
        'words "according to", after third-party copies whose newlines differ. Prefer the chat form.',
    },
  },
}

const TASKS: readonly JudgeTask[] = ['prompt_harm', 'response_harm']
/** Codes the model was taught to write back. */
const CODE = /^[A-Z]{1,3}\d{1,3}$/

/** One version of Llama Guard. */
export function createLlamaGuardFormat(version: LlamaGuardVersion, settings: FormatSettings = {}): JudgeFormat {
  const { name, frame, stop, source, clauses: own } = VERSIONS[version]
  const clauses = settings.clauses === undefined ? own : checkClauses(name, settings.clauses, CODE)
  const ask = (input: JudgeInput): JudgeCall => {
    const task = input.response === undefined ? 'prompt_harm' : 'response_harm'
    const turns = judgedTurns(input, neutraliseForLlamaGuard)
    return {
      tasks: [task],
      request: {
        chat: settings.clauses === undefined ? { messages: alternatingMessages(turns) } : null,
        completion: llamaGuardPrompt(frame, turns, clauses),
        stop,
        maxTokens: 64,
      },
      parse: (text) => readSafeUnsafe(text, task, clauses),
      score: (tokens, asked = task) => (asked === task ? scoreSafeUnsafe(tokens) : null),
    }
  }
  return { name, source, tasks: TASKS, sees: 'conversation', clauses, ask }
}
