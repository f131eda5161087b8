/** What holds where a policy says nothing. Every default is the careful one: fail closed, judge before showing, keep no text. */
import type { HardSetting, Stage } from '../../spec/index.ts'
import { STAGES } from '../../spec/index.ts'
import { DEFAULT_REFUSALS } from './refusals.ts'
import type { EffectivePolicy } from './types.ts'

/** Defaults of every setting that a scope may change, and of the cache. */
export const DEFAULTS: Omit<EffectivePolicy, 'version' | 'rails' | 'exceptions'> = {
  name: 'policy',
  deadlines: { stage: 2000, guard: 1000 },
  conversation: { messages: 8, roles: ['user', 'assistant', 'tool'] },
  stream: { mode: 'before', window: 512 },
  shadow: false,
  speculative: false,
  record: { capture: 'none', retention: 30 },
  media: 'block',
  retries: 1,
  refusals: DEFAULT_REFUSALS,
  cache: { entries: 10_000, ttl: 600_000 },
}

/** Settings that are hard when the policy has no `hard` of its own. */
export const DEFAULT_HARD: readonly HardSetting[] = ['onError', 'stream', 'shadow', 'media']

/** One value for each stage. */
export function forEachStage<T>(make: (stage: Stage) => T): Record<Stage, T> {
  return Object.fromEntries(STAGES.map((stage) => [stage, make(stage)])) as Record<Stage, T>
}
