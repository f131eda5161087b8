/**
 * Samples by a language model: one question a system prompt, strict JSON back. A reply that is no such JSON, or short of prompts, is counted
 * and left out; so is a call that fails, which the same run asks again when it is run again. Nothing is repaired by guessing.
 */
import { z } from 'zod'
import { failureReason } from '../../../engines/calls/index.ts'
import type { CompletionEngine } from '../../../spec/index.ts'
import { ParapetError } from '../../../spec/errors.ts'
import type { Journal } from '../journal.ts'
import type { TopicSample } from '../sample.ts'
import type { Specification } from '../specification.ts'
import { drawFor, metaPrompt } from './meta-prompt.ts'

const REPLY = z.strictObject({
  system_prompt: z.string().trim().min(20),
  on_topic: z.array(z.string().trim().min(1)),
  off_topic: z.array(z.string().trim().min(1)),
})

/** What became of one question. `unreadable`: no JSON of this form. `short`: too few prompts. `failed`: no answer. */
export interface ReplyRecord {
  readonly outcome: 'samples' | 'unreadable' | 'short' | 'failed'
  readonly reason: string
  /** As the server counted, or by length. */
  readonly tokens: number
  readonly samples: readonly TopicSample[]
}

export interface EngineOptions {
  readonly engine: CompletionEngine
  readonly seed: number
  /** Questions, each for one system prompt. */
  readonly replies: number
  /** Prompts of either label in a reply. */
  readonly each: number
  /** No further question once so many tokens are spent; no limit if absent. */
  readonly tokens?: number
  readonly journal: Journal<ReplyRecord>
  readonly onProgress: (message: string) => void
  readonly signal?: AbortSignal
}

export interface EngineSamples {
  readonly samples: readonly TopicSample[]
  readonly asked: number
  readonly outcomes: Readonly<Record<ReplyRecord['outcome'], number>>
  readonly tokens: number
  /** Whether the budget ended it. */
  readonly cut: boolean
}

/** The server is not there or does not let us in: every further question would fail as well. */
const HOPELESS: ReadonlySet<string> = new Set([
  'unreachable',
  'unauthorized',
  'not_found',
  'budget_exceeded',
  'circuit_open',
])
/** Replies with fewer prompts of a label than this share of what was asked for are short. */
const ENOUGH = 0.5
const CHARACTERS_PER_TOKEN = 3
/** Failures one after another behind which the model is taken to be down. */
const MOST_FAILURES = 5
/** A model that declines inside the JSON: no prompt of a user begins like this. */
const REFUSAL =
  /^(?:i['’]?m sorry|i am sorry|sorry,|i can(?:no|['’])t|as an ai|i['’]m unable|i am unable)\b.*\b(?:help|assist|comply|provide|create|generate)/i
/** Characters of a prompt, at most. */
const LONGEST_PROMPT = 4000

export function isReplyRecord(value: unknown): value is ReplyRecord {
  const { outcome, samples, tokens } = (value ?? {}) as Partial<ReplyRecord>
  return typeof outcome === 'string' && Array.isArray(samples) && Number.isFinite(tokens)
}

/** Asks all that the journal does not hold. Throws `upstream_error` where the engine cannot be reached at all. */
export async function engineSamples(specification: Specification, options: EngineOptions): Promise<EngineSamples> {
  const { replies, journal, tokens: budget = Infinity, onProgress, signal } = options
  const records: ReplyRecord[] = []
  let [spent, failures] = [0, 0]
  for (let turn = 0; turn < replies && spent < budget; turn += 1) {
    if (signal?.aborted === true) throw new ParapetError('aborted', 'The generation of samples was stopped.')
    const known = journal.known.get(String(turn))
    const record = known ?? (await ask(specification, turn, options))
    if (known === undefined && record.outcome !== 'failed') journal.write(String(turn), record)
    failures = record.outcome === 'failed' ? failures + 1 : 0
    if (failures === MOST_FAILURES) throw unreachable(options.engine.id, record.reason)
    records.push(record)
    spent += record.tokens
    onProgress(`generating: reply ${turn + 1} of ${replies}, ${record.outcome}`)
  }
  const count = (outcome: ReplyRecord['outcome']): number => records.filter((one) => one.outcome === outcome).length
  return {
    samples: records.flatMap(({ samples }) => samples),
    asked: records.length,
    outcomes: {
      samples: count('samples'),
      unreadable: count('unreadable'),
      short: count('short'),
      failed: count('failed'),
    },
    ...{ tokens: spent, cut: records.length < replies },
  }
}

async function ask(specification: Specification, turn: number, options: EngineOptions): Promise<ReplyRecord> {
  const { engine, seed, each, signal } = options
  const draw = drawFor(specification, seed, turn)
  const request = metaPrompt(specification, draw, each)
  const estimate = (text: string): number =>
    Math.ceil((text.length + JSON.stringify(request.chat).length) / CHARACTERS_PER_TOKEN)
  try {
    const answer = await engine.complete({ ...request, seed: seed + turn }, signal === undefined ? {} : { signal })
    const { usage, text } = answer
    const tokens = usage === null ? estimate(text) : usage.promptTokens + usage.completionTokens
    return { ...readReply(text, each, draw.language), tokens }
  } catch (error) {
    if (!ParapetError.isInstance(error) || error.code === 'aborted' || error.code === 'configuration') throw error
    const reason = failureReason(error) ?? error.code
    if (HOPELESS.has(reason)) throw unreachable(engine.id, reason, error)
    return { outcome: 'failed', reason, tokens: estimate(''), samples: [] }
  }
}

function unreachable(id: string, reason: string, cause?: unknown): ParapetError {
  return new ParapetError(
    'upstream_error',
    `The model ${id} cannot be asked (${reason}). Mend it, and run the same command again: what it answered is kept.`,
    { cause },
  )
}

/** What stands in a reply. A refusal in the place of a prompt, and one longer than any message, is left out. */
export function readReply(text: string, each: number, language: string): Omit<ReplyRecord, 'tokens'> {
  const parsed = REPLY.safeParse(jsonOf(text))
  if (!parsed.success) return { outcome: 'unreadable', reason: 'not JSON of the form that was asked for', samples: [] }
  const { system_prompt: system, on_topic, off_topic } = parsed.data
  const [on, off] = [on_topic, off_topic].map((prompts) =>
    [...new Set(prompts)].filter((one) => one.length <= LONGEST_PROMPT && !REFUSAL.test(one)).slice(0, each),
  ) as [string[], string[]]
  const least = Math.ceil(ENOUGH * each)
  if (on.length < least || off.length < least)
    return { outcome: 'short', reason: `${on.length} on-topic and ${off.length} off-topic prompts`, samples: [] }
  return {
    ...{ outcome: 'samples', reason: '' },
    samples: [
      ...on.map((prompt): TopicSample => ({ system, prompt, label: 0, slice: 'request', language })),
      ...off.map((prompt): TopicSample => ({ system, prompt, label: 1, slice: 'other scope', language })),
    ],
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text.trim().replace(/^```(?:json)?\n([\s\S]*)\n```$/, '$1'))
  } catch {
    return null
  }
}
