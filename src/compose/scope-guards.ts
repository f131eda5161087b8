/**
 * Whether a policy says anything of a text that leaves the scope of its system prompt. It looks at definitions only, and builds nothing.
 */
import { formatOf } from '../guards/judge/index.ts'
import type { GuardDefinition, Policy } from '../spec/index.ts'
import { judgeOptions } from './judge-family.ts'
import { textClassifierOptions } from './text-classifier-family.ts'

const LABEL = 'off_topic'
/** Presets whose labels mean this. */
const PRESET = /^off-topic/

/** Whether a guard of the input rail reports `off_topic`, and not in shadow. */
export function judgesScope({ guards = {}, rails = {}, shadow = false }: Policy): boolean {
  if (shadow) return false
  return (rails.input ?? []).some((entry) => {
    const { guard, shadow: apart = false } = typeof entry === 'string' ? { guard: entry } : entry
    const definition = Object.hasOwn(guards, guard) ? guards[guard] : undefined
    return !apart && definition !== undefined && reportsScope(definition)
  })
}

function reportsScope({ use, hard: _hard, ...options }: GuardDefinition): boolean {
  if (use === 'judge') {
    const { success, data } = judgeOptions.safeParse(options)
    return success && (data.tasks ?? formatOf(data).tasks).includes(LABEL)
  }
  if (use === 'topic') return true
  if (use !== 'text-classifier') return false
  const { success, data } = textClassifierOptions.safeParse(options)
  if (!success) return false
  if (data.labels === undefined) return PRESET.test(data.preset ?? '')
  return Object.values(data.labels)
    .flat()
    .some((meaning) => (typeof meaning === 'string' ? meaning : meaning.label) === LABEL)
}
