/** Parapets for tests of the agent frameworks' adapters: what `createParapet` returns, as far as those need it, over word guards. */
import { guardParts } from '../../src/core/stream/index.ts'
import type { StreamGuard } from '../../src/integrations/conversation/index.ts'
import type { Guard, ParapetEvent, Policy } from '../../src/spec/index.ts'
import { SENTENCE } from './planted.ts'
import { judgeWith, wordGuard } from './stream.ts'

export const masking = wordGuard('marker', [SENTENCE], { action: 'modify', replacement: '*' })
export const blocking = wordGuard('marker', [SENTENCE], { action: 'block' })

export interface GuardBench {
  readonly guard: StreamGuard
  readonly events: readonly ParapetEvent[]
}

/** Every message is judged, of every role. */
const conversation = { messages: 'all', roles: ['system', 'developer', 'user', 'assistant', 'tool'] } as const

export function agentGuard(guards: readonly Guard[], policy: Partial<Policy> = {}): GuardBench {
  const { judge, events } = judgeWith(guards, { media: 'pass', conversation, ...policy })
  const guard: StreamGuard = {
    check: judge.check,
    guardStream: (source, options = {}) => guardParts(source, { judge, ...options }),
  }
  return { guard, events }
}
