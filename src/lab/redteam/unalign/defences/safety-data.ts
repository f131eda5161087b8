/** What defences learn from: refusals of forbidden requests, allowed requests answered, and forbidden ones carried out, apart from the attacker's. */
import { worldExampleRows, worldExamples } from '../../../victim/world-examples.ts'
import type { Conversations } from './defence.ts'

export function refusals(count: number, seed: number): Conversations {
  return worldExamples({ kind: 'refused', count, seed: 5000 + seed })
}

/** Half refusals; the rest allowed requests and tasks, so that a model does not learn to refuse everything. */
export function alignmentData(count: number, seed: number): Conversations {
  const quarter = Math.ceil(count / 4)
  return [
    ...refusals(2 * quarter, seed),
    ...worldExamples({ kind: 'benign', count: quarter, seed: 5000 + seed }),
    ...worldExamples({ kind: 'task', count: quarter, seed: 5000 + seed }),
  ]
}

/** The refusals of the requests of `simulatedAttack`, in its order. */
export function simulatedRefusals(count: number, seed: number): Conversations {
  return worldExampleRows({ kind: 'forbidden-answered', count, seed: 7000 + seed }).map(({ messages, refuse = '' }) => [
    ...messages.slice(0, -1),
    { role: 'assistant' as const, content: refuse },
  ])
}

/** The defender's own guess of what an attacker will use: other requests than those the attack draws. */
export function simulatedAttack(count: number, seed: number): Conversations {
  return worldExamples({ kind: 'forbidden-answered', count, seed: 7000 + seed })
}
