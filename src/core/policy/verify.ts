/**
 * What is valid in a policy but worth knowing before it runs: unprotected streams, spans longer than the window, failures that pass.
 */
import type { Guard, Policy, PolicySettings, RailEntry, Stage } from '../../spec/index.ts'
import { STAGES } from '../../spec/index.ts'
import { isKnownLabel, suggestLabel } from '../taxonomy/index.ts'
import { DEFAULT_DEADLINES, DEFAULT_STREAM } from './defaults.ts'
import { expiryOf } from './exceptions.ts'
import { railName } from './scopes.ts'
import type { PolicyNote } from './types.ts'

/** Streams hold back as much as a guard's longest span, up to this many characters (see `core/stream`). */
const LONGEST_HOLD = 4096

/** Milliseconds in which a language model seldom answers. */
const SHORT_FOR_A_JUDGE = 2000

/** Stages whose text can arrive as a stream. */
const STREAMED: readonly Stage[] = ['output', 'tool_call']

/**
 * Notes on a policy that compiled.
 * @param guards the guards of its rails, by name
 * @param now epoch milliseconds, for expiries
 */
export function verifyPolicy(policy: Policy, guards: ReadonlyMap<string, Guard>, now: number): readonly PolicyNote[] {
  const { organisation, applications = {}, users = {} } = policy.scopes ?? {}
  const scopes: readonly (readonly [string, PolicySettings | undefined])[] = [
    ['', policy],
    ['scopes.organisation.', organisation],
    ...Object.entries(applications).map(([name, scope]) => [`scopes.applications.${name}.`, scope] as const),
    ...Object.entries(users).map(([name, scope]) => [`scopes.users.${name}.`, scope] as const),
  ]
  return [
    ...scopes.flatMap(([prefix, scope]) => (scope === undefined ? [] : settingNotes(prefix, scope, now))),
    ...streamNotes(policy, guards),
    ...railNotes(policy, guards),
  ]
}

function warning(key: string, message: string, remedy: string): PolicyNote {
  return { level: 'warning', key, message, remedy }
}

function settingNotes(prefix: string, settings: PolicySettings, now: number): readonly PolicyNote[] {
  const notes: PolicyNote[] = []
  const add = (key: string, message: string, remedy: string): void =>
    void notes.push(warning(`${prefix}${key}`, message, remedy))
  if (settings.stream?.mode === 'after') {
    add(
      'stream.mode',
      'streams are shown before they are judged and recorded as unprotected',
      'Use before, or keep this for measuring.',
    )
  }
  if (settings.shadow === true)
    add('shadow', 'nothing is blocked or modified: every guard only observes', 'Remove it to enforce the policy.')
  const passing = typeof settings.onError === 'string' ? [settings.onError] : Object.values(settings.onError ?? {})
  if (passing.includes('pass'))
    add(
      'onError',
      'a text goes on when its guard failed or ran out of time',
      'Use block where the text must be judged.',
    )
  if (settings.media === 'pass') add('media', 'images, audio and files go on unjudged', 'Use flag or block.')
  const stage = settings.deadlines?.stage ?? DEFAULT_DEADLINES.stage
  const guard = settings.deadlines?.guard ?? DEFAULT_DEADLINES.guard
  if (guard > stage)
    add(
      'deadlines',
      `a guard may take ${guard} ms but its stage ends after ${stage} ms`,
      'Raise stage, or lower guard.',
    )
  if (settings.refusals !== undefined && prefix === '' && !Object.hasOwn(settings.refusals, 'default')) {
    add('refusals', 'languages without a text of their own get built-in words', 'Add a text under default.')
  }
  for (const [label, { threshold }] of Object.entries(settings.actions ?? {})) {
    if (threshold === 1) add(`actions.${label}.threshold`, 'no score is above 1: it never counts', 'Lower it.')
    if (isKnownLabel(label)) continue
    const meant = suggestLabel(label)
    const remedy = meant === undefined ? 'Ignore this if a guard of your own reports it.' : `Did you mean ${meant}?`
    add(`actions.${label}`, `no shipped guard reports ${label}`, remedy)
  }
  settings.exceptions?.forEach(({ id, expires }, index) => {
    if (expiryOf(expires) <= now)
      add(
        `exceptions[${index}]`,
        `the exception ${id} expired on ${expires}`,
        'Remove it, or renew it with a new reason.',
      )
  })
  return notes
}

function streamNotes(policy: Policy, guards: ReadonlyMap<string, Guard>): readonly PolicyNote[] {
  const { window } = { ...DEFAULT_STREAM, ...policy.stream }
  return STREAMED.flatMap((stage) =>
    (policy.rails?.[stage] ?? []).flatMap((entry, index) => {
      const guard = guards.get(railName(entry))
      if (guard === undefined || !guard.stages.includes(stage)) return []
      const key = `rails.${stage}[${index}]`
      if (guard.open === undefined) {
        return [
          {
            level: 'info' as const,
            key,
            message: `${guard.id} holds the whole answer: it cannot judge a stream as it grows`,
            remedy: 'Expect the answer in one piece.',
          },
        ]
      }
      const longest = guard.maxSpan ?? Infinity
      if (longest <= window) return []
      if (longest <= LONGEST_HOLD) {
        const message = `${guard.id} can hold back up to ${longest} characters, more than the window of ${window}`
        return [{ level: 'info' as const, key, message, remedy: 'Expect that delay where such a span may have begun.' }]
      }
      const text = Number.isFinite(longest)
        ? `spans of ${guard.id} can be ${longest} characters long`
        : `spans of ${guard.id} have no longest length`
      return [
        warning(
          key,
          `${text}; of one longer than ${Math.max(window, LONGEST_HOLD)} characters, the beginning may already have been shown`,
          'Raise stream.window to cover them.',
        ),
      ]
    }),
  )
}

function railNotes(policy: Policy, guards: ReadonlyMap<string, Guard>): readonly PolicyNote[] {
  const notes: PolicyNote[] = []
  const deadline = policy.deadlines?.stage ?? DEFAULT_DEADLINES.stage
  const ownDeadline = policy.deadlines?.guard ?? DEFAULT_DEADLINES.guard
  const isPii = (entry: RailEntry): boolean => (policy.guards?.[railName(entry)]?.use ?? railName(entry)) === 'pii'
  const output = policy.rails?.output ?? []
  if (policy.rails?.input?.some(isPii) === true && output.length > 0 && !output.some(isPii)) {
    notes.push(warning('rails.output', 'personal data is looked for in the input and not in the output', 'Add pii.'))
  }
  for (const stage of STAGES) {
    const rail = policy.rails?.[stage] ?? []
    if (rail.length === 0 && (stage === 'input' || stage === 'output')) {
      notes.push(
        warning(
          `rails.${stage}`,
          `nothing is judged at ${stage}`,
          'List guards, for example [secrets, pii, classifier].',
        ),
      )
    }
    rail.forEach((entry, index) => {
      const guard = guards.get(railName(entry))
      const key = `rails.${stage}[${index}]`
      if (guard !== undefined && !guard.stages.includes(stage)) {
        notes.push(warning(key, `${guard.id} does nothing at ${stage}`, `It judges ${guard.stages.join(', ')}.`))
      }
      if (typeof entry !== 'string' && (entry.deadline ?? 0) > deadline)
        notes.push(
          warning(
            key,
            `${entry.guard} may take ${entry.deadline} ms but its stage ends after ${deadline} ms`,
            'Raise deadlines.stage.',
          ),
        )
      const granted = Math.min(deadline, (typeof entry === 'string' ? undefined : entry.deadline) ?? ownDeadline)
      if (policy.guards?.[railName(entry)]?.use === 'judge' && granted <= SHORT_FOR_A_JUDGE)
        notes.push(
          warning(
            key,
            `${railName(entry)} asks a language model and has ${granted} ms, after which it counts as timed out`,
            `Write { guard: ${railName(entry)}, deadline: 20s }, and deadlines: { stage: 20s }.`,
          ),
        )
      if (typeof entry !== 'string' && entry.shadow === true)
        notes.push({
          level: 'info',
          key,
          message: `${entry.guard} only observes`,
          remedy: 'Remove shadow to enforce it.',
        })
      if (typeof entry !== 'string' && entry.onError === 'pass')
        notes.push(
          warning(key, `a failure of ${entry.guard} lets the text pass`, 'Use block where the text must be judged.'),
        )
    })
  }
  return notes
}
