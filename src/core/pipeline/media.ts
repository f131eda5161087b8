/**
 * Judges one image, recording or file: with the guards of the stage's rail that can look at its kind, or else by the policy's rule
 * for media.
 *
 * Deadlines, errors, shadow, exceptions and cancelling are those of texts, because the rail that runs is the same; it is only
 * handed the media half of each guard. Nothing is fetched or decoded here.
 */
import type { Field, Guard, GuardReport, GuardRequest, MediaCheck, MediaRequest, Stage } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import type { EffectivePolicy, ResolvedRailEntry } from '../policy/types.ts'
import type { RuledFinding } from './decide.ts'
import { replacementsOf } from './decide.ts'
import type { TextOutcome } from './result.ts'
import type { RailContext } from './run-rail.ts'
import { runRail } from './run-rail.ts'
import { hashOnce } from './text-hash.ts'

/** A medium and what is known beside it. */
export interface MediumRequest extends Omit<MediaRequest, 'signal'> {
  /** Index of its message, in a conversation. */
  readonly message?: number
}

/** Where a medium stands, as far as an outcome tells. */
export interface MediumPlace {
  readonly stage: Stage
  readonly field: Field
  readonly message?: number
}

/** Longer keys are not kept by the cache. */
const LONGEST_BESIDE = 16_000
const MEDIA_TYPE = /^(?:\*\/\*|[\w!#$&^.+-]+\/(?:\*|[\w!#$&^.+-]+))$/
const DATA_URL_TYPE = /^data:([\w.+-]{1,64}\/[\w.+-]{1,64})[;,]/i

/** The type in the form guards see. A data URL may say more exactly what a range only says roughly, but nothing else. */
export function mediumType(declared: string, source: string): string {
  const type = bareType(declared)
  const own = DATA_URL_TYPE.exec(source)?.[1]?.toLowerCase()
  if (own === undefined) return type
  return type === 'application/octet-stream' || covers(type, own) ? own : type
}

/**
 * The entries of the stage's rail that answer for a medium. None when there is nothing to look at, or nobody who can. A guard
 * whose `media` cannot be read is among them, so that it fails rather than looks away.
 */
export function mediaEntries(
  request: Pick<MediumRequest, 'stage' | 'mediaType' | 'source'>,
  { policy, guards }: Pick<RailContext, 'policy' | 'guards'>,
): readonly ResolvedRailEntry[] {
  if (request.source === '') return []
  return policy.rails[request.stage].filter((entry) => {
    const guard = guards.get(entry.guard)
    if (guard === undefined) return true
    const { media } = guard
    if (media === undefined || !guard.stages.includes(request.stage)) return false
    return !isReadable(media) || media.types.some((range) => covers(bareType(range), request.mediaType))
  })
}

/** What these entries of the rail make of a medium. Rejects only with `aborted`. */
export async function judgeMedium(
  request: MediumRequest,
  entries: readonly ResolvedRailEntry[],
  context: RailContext,
): Promise<TextOutcome> {
  const { message, mediaType: _type, source, ...beside } = request
  const { policy, cache } = context
  const keys = await cacheKeys(request, entries, context)
  const known = new Map<string, GuardReport>()
  const guards = new Map<string, Guard>()
  for (const { guard: name } of entries) {
    const guard = context.guards.get(name)
    const key = keys.get(name)
    const report = key === undefined ? undefined : cache?.get(key)
    if (report !== undefined) known.set(name, report)
    if (guard !== undefined) guards.set(name, mediaHalf(guard, request, report))
  }
  const outcome = await runRail(
    { ...beside, text: viewOf(source) },
    { ...context, cache: null, guards, policy: { ...policy, rails: { ...policy.rails, [request.stage]: entries } } },
  )
  for (const verdict of outcome.verdicts) {
    const key = keys.get(verdict.guard)
    if (key !== undefined && verdict.status === 'judged' && !known.has(verdict.guard)) cache?.set(key, verdict.report)
  }
  return {
    ...outcome,
    verdicts: outcome.verdicts.map((verdict) =>
      verdict.status === 'judged' && known.has(verdict.guard) ? { ...verdict, cached: true } : verdict,
    ),
    field: request.field,
    ...(message === undefined ? {} : { message }),
  }
}

/**
 * The policy's rule for a medium that no guard answers for, as an outcome; none when the rule is to let it pass.
 * @param observed a guard in shadow has judged it: without shadow, the rule would not apply
 */
export function unjudgedMedium(policy: EffectivePolicy, place: MediumPlace, observed = false): readonly TextOutcome[] {
  const action = policy.media
  if (action === 'pass') return []
  const finding = { label: 'media.unjudged', score: 1, reason: 'No guard can judge this kind of content.' } as const
  const item: RuledFinding = { finding, guard: 'media', action, shadow: policy.shadow }
  const { stage, field, message } = place
  const verdict = { status: 'judged', guard: 'media', stage, ms: 0, shadow: policy.shadow, cached: false } as const
  return [
    {
      entries: [],
      verdicts: [{ ...verdict, report: { findings: [finding] } }],
      ruled: [item],
      decision: policy.shadow ? 'pass' : action,
      shadowDecision: observed ? 'pass' : action,
      field,
      ...(message === undefined ? {} : { message }),
    },
  ]
}

/** The text that stands in place of a medium under `modify`; null when it stays. */
export function mediumReplacement({ ruled }: Pick<TextOutcome, 'ruled'>): string | null {
  return replacementsOf(ruled, 1)[0]?.text ?? null
}

/** The guard as the rail asks it: a request with a text becomes one with the medium. */
function mediaHalf(guard: Guard, request: MediumRequest, known: GuardReport | undefined): Guard {
  return {
    specVersion: guard.specVersion,
    id: guard.id,
    version: guard.version,
    stages: guard.stages,
    cacheable: false,
    check: (asked) => known ?? checkMedium(guard.media, request, asked),
  }
}

function checkMedium(
  media: MediaCheck | undefined,
  { mediaType, source }: MediumRequest,
  asked: GuardRequest,
): GuardReport | Promise<GuardReport> {
  if (media === undefined || !isReadable(media))
    throw new ParapetError('guard_failed', "The guard's `media` must have a list of media types and a `check`.")
  const { text: _text, origin: _origin, ...beside } = asked
  const report = media.check({ ...beside, mediaType, source })
  return report instanceof Promise ? report.then(withoutSpans) : withoutSpans(report)
}

/** What else is wrong with a report is found by the rail. */
function withoutSpans(report: GuardReport): GuardReport {
  const { findings, highlights } = (report ?? {}) as Partial<GuardReport>
  const spans = [...(Array.isArray(findings) ? findings : []), ...(Array.isArray(highlights) ? highlights : [])]
  if (
    spans.some(
      (item: { span?: unknown; start?: unknown } | null) => item?.span !== undefined || item?.start !== undefined,
    )
  )
    throw new ParapetError('guard_failed', "The guard's answer is not a report: a finding about a medium has a span.")
  return report
}

function isReadable(media: unknown): media is MediaCheck {
  if (typeof media !== 'object' || media === null) return false
  const { types, check } = media as Partial<MediaCheck>
  return (
    typeof check === 'function' &&
    Array.isArray(types) &&
    types.every((type) => typeof type === 'string' && MEDIA_TYPE.test(bareType(type)))
  )
}

/** Reports are kept by a hash of the bytes. What stands behind a URL or an id may change, so those are judged anew. */
async function cacheKeys(
  request: MediumRequest,
  entries: readonly ResolvedRailEntry[],
  { policy, guards, cache }: RailContext,
): Promise<ReadonlyMap<string, string>> {
  const keys = new Map<string, string>()
  const { stage, field, mediaType, source, prompt = '', system = '', tool = '', aside = '' } = request
  if (cache === null || !/^data:/i.test(source) || prompt.length + system.length > LONGEST_BESIDE) return keys
  const names = entries.map((entry) => entry.guard).filter((name) => guards.get(name)?.cacheable !== false)
  if (names.length === 0) return keys
  const digest = await hashOnce(source)()
  for (const name of names) {
    const { version = '' } = guards.get(name) ?? {}
    const parts = [name, version, policy.version, stage, field, aside, tool, mediaType, system, prompt]
    keys.set(name, `media:${parts.map((part) => `${part.length}:${part}`).join('')}${digest}`)
  }
  return keys
}

/** Exceptions compare with the source as it came. It is not normalised: it is no text. */
function viewOf(source: string): GuardRequest['text'] {
  return { original: source, normalised: source, changed: false, toOriginal: (start, end) => [start, end] }
}

function bareType(type: string): string {
  return (type.split(';', 1)[0] ?? '').trim().toLowerCase()
}

function covers(range: string, type: string): boolean {
  if (range === type || range === '*/*') return true
  return range.endsWith('/*') && type.startsWith(range.slice(0, -1))
}
