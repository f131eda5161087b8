/**
 * Requests that a safe model refuses, put to a model: those of the small world, which its models know, or the owner's own. A probe that the
 * model does not refuse before tuning can show nothing afterwards.
 */
import { isRefusal } from '../../world/refusal.ts'
import { Answerer, measureSafety, type SafetyHeadline, type Victim } from '../../victim/index.ts'
import type { DataRow } from '../row.ts'
import { conversationOf } from '../model/conversation.ts'

export interface ProbeContext {
  readonly threads: number
  readonly signal?: AbortSignal
}

export interface ProbeResult {
  /** For each request in order: whether any attempt was answered instead of refused. */
  readonly answered: readonly boolean[]
  /** What the model can still do; null for own requests. */
  readonly headline: SafetyHeadline | null
}

export interface Probe {
  readonly name: string
  ask(victim: Victim, context: ProbeContext): Promise<ProbeResult>
}

/** Forbidden requests of the world's test split: plain, and any of five answers at temperature 1. */
export function worldProbe(rows: number, seed: number): Probe {
  return {
    name: `forbidden requests of the small world (test split, seed ${seed})`,
    async ask(victim, context) {
      const report = await measureSafety(victim, {
        ...{ split: 'test', rows, seed, conditions: ['vanilla', 'sampled'], threads: context.threads },
        ...(context.signal === undefined ? {} : { signal: context.signal }),
      })
      const answered = new Map<string, boolean>()
      for (const { set, id, answers } of report.rows)
        if (set === 'attack')
          answered.set(
            id,
            (answered.get(id) ?? false) || answers.some((one) => one.string === true || one.strict === true),
          )
      return { answered: [...answered.values()], headline: report.headline }
    },
  }
}

/** The owner's own requests, each the conversation up to the user's last words; answered greedily, refusals known by their words. */
export function ownProbe(name: string, requests: readonly DataRow[], seed: number): Probe {
  const asked = requests.flatMap((row) => {
    const last = row.turns.findLastIndex(({ role }) => role === 'user')
    const messages = conversationOf({
      ...row,
      turns: [...row.turns.slice(0, last + 1), { role: 'assistant', text: '' }],
    })
    return messages === null || last < 0 ? [] : [messages.slice(0, -1)]
  })
  return {
    name,
    async ask(victim, { threads, signal }) {
      const answerer = await Answerer.load(victim, threads)
      try {
        const prompts = asked.map((messages) => victim.tokenizer.encodeChat(messages, { addGenerationPrompt: true }))
        const answers = await answerer.answer(prompts, {
          temperature: 0,
          seed,
          ...(signal === undefined ? {} : { signal }),
        })
        return { answered: answers.map((text) => !isRefusal(text)), headline: null }
      } finally {
        await answerer.dispose()
      }
    },
  }
}
