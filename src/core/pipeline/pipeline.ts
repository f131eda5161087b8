/**
 * The pipeline: one request judged from end to end. It alone decides what findings and errors mean; guards and doors do not.
 *
 * Streams and whole conversations with a model are in `core/stream`; this file judges texts that are known in full.
 */
import type {
  Caller,
  CheckInput,
  CheckResult,
  Clock,
  Guard,
  Message,
  ParapetEvent,
  ParapetListener,
  Verdict,
} from '../../spec/index.ts'
import type { CompiledPolicy, EffectivePolicy, ResolvedRailEntry } from '../policy/types.ts'
import { createTextView } from '../text/index.ts'
import type { RuledFinding } from './decide.ts'
import { applyModifications } from './decide.ts'
import type { LanguageDetector } from './refusal.ts'
import { refusalText } from './refusal.ts'
import type { TextOutcome } from './result.ts'
import { buildResult } from './result.ts'
import type { RailContext } from './run-rail.ts'
import { runRail } from './run-rail.ts'
import type { JudgedText, Selection, UnjudgedMedia } from './texts.ts'
import { replaceText, selectTexts } from './texts.ts'
import { VerdictCache } from './verdict-cache.ts'

/** What a pipeline is made of. */
export interface PipelineParts {
  /** The policy now in force; read once per request, so a swap never splits one. */
  readonly policy: () => CompiledPolicy
  readonly guards: ReadonlyMap<string, Guard>
  readonly clock: Clock
  /** Id of the guard whose scores belong in every row, whatever the rails say. */
  readonly scorer?: string
  readonly language?: LanguageDetector
  readonly listener?: ParapetListener
  readonly newId?: () => string
}

export interface CheckOptions {
  readonly signal?: AbortSignal
  /** Where the request came in, for metrics: `library`, `cli`, `guard`… */
  readonly door?: string
  /** Tell nobody: the check is a part of a decision that is reported as a whole. */
  readonly silent?: boolean
}

/** Everything the streaming half needs of the judging half. */
export interface Judge {
  readonly parts: PipelineParts
  check(input: CheckInput, options?: CheckOptions): Promise<CheckResult>
  effective(caller: Caller): EffectivePolicy
  railContext(policy: EffectivePolicy, signal: AbortSignal | undefined): RailContext
  refusal(policy: EffectivePolicy, text: string): string
  newId(): string
  emit(event: ParapetEvent): void
}

export function createJudge(parts: PipelineParts): Judge {
  let cache: { readonly key: string; readonly cache: VerdictCache | null } | null = null
  const newId = parts.newId ?? ((): string => `dec_${crypto.randomUUID().replaceAll('-', '')}`)
  const judge: Judge = {
    parts,
    newId,
    emit: (event) => emitSafely(parts.listener, event),
    effective: (caller) => parts.policy().scope(caller),
    refusal: (policy, text) => refusalText(policy, text, parts.language ?? (() => null)),
    railContext(policy, signal) {
      const key = JSON.stringify(policy.cache)
      if (cache?.key !== key) {
        cache = { key, cache: policy.cache === false ? null : new VerdictCache(policy.cache, parts.clock) }
      }
      return { policy, guards: parts.guards, clock: parts.clock, cache: cache.cache, signal }
    },
    check: (input, options = {}) => check(judge, input, options),
  }
  return judge
}

async function check(judge: Judge, input: CheckInput, options: CheckOptions): Promise<CheckResult> {
  const { clock } = judge.parts
  const started = clock.now()
  // The door may have handed in anything; `selectTexts` says what is wrong with it.
  const caller = (input as CheckInput | null)?.caller ?? {}
  const policy = judge.effective(caller)
  const selection = selectTexts(input, policy.conversation)
  const context = judge.railContext(policy, options.signal)
  const outcomes = await judgeTexts(judge, selection, policy, caller, context, input.messages)
  const changes = modifications(selection, outcomes)
  const result = buildResult({
    ...(input.id === undefined ? {} : { id: input.id }),
    decisionId: judge.newId(),
    policy,
    outcomes: [...outcomes, ...mediaOutcomes(selection.media, policy)],
    ms: clock.now() - started,
    warnings: warningsOf(outcomes),
    ...changesOf(selection, changes),
    ...(input.messages === undefined ? {} : { messages: modifiedMessages(input.messages, selection, changes) }),
    refusal: () => judge.refusal(policy, selection.texts.find((text) => text.field === 'prompt')?.text ?? ''),
  })
  if (options.silent !== true) report(judge, result, caller, options.door ?? 'library')
  return result
}

async function judgeTexts(
  judge: Judge,
  selection: Selection,
  policy: EffectivePolicy,
  caller: Caller,
  context: RailContext,
  messages: readonly Message[] | undefined,
): Promise<readonly TextOutcome[]> {
  return Promise.all(
    selection.texts.map(async (item) => {
      const { text, place, ...rest } = item
      const request = { ...rest, text: createTextView(text), caller, ...(messages === undefined ? {} : { messages }) }
      const outcome = await runRail(request, context, scorerEntry(judge, policy, item))
      return { ...outcome, field: item.field, ...(place === undefined ? {} : { message: place.message }) }
    }),
  )
}

/** An entry that only observes, so that a row's scores do not depend on which rails list the classifier. */
function scorerEntry(judge: Judge, policy: EffectivePolicy, item: JudgedText): readonly ResolvedRailEntry[] {
  const { scorer } = judge.parts
  if (scorer === undefined || policy.rails[item.stage].some((entry) => entry.guard === scorer)) return []
  const rule = { threshold: 1, action: 'pass', hard: false } as const
  return [{ guard: scorer, shadow: true, onError: 'pass', deadline: policy.deadlines.guard, rule: () => rule }]
}

function modifications(selection: Selection, outcomes: readonly TextOutcome[]): readonly string[] {
  return selection.texts.map((item, index) => applyModifications(item.text, outcomes[index]?.ruled ?? []))
}

function changesOf(
  selection: Selection,
  changes: readonly string[],
): { text?: string; modified?: { prompt?: string; response?: string } } {
  const modified: { prompt?: string; response?: string } = {}
  selection.texts.forEach((item, index) => {
    const text = changes[index]
    if (text !== undefined) modified[item.field === 'response' ? 'response' : 'prompt'] = text
  })
  const text = modified.response ?? modified.prompt
  return text === undefined ? {} : { text, modified }
}

function modifiedMessages(
  messages: readonly Message[],
  selection: Selection,
  changes: readonly string[],
): readonly Message[] {
  return selection.texts.reduce((current, item, index) => {
    const text = changes[index]
    if (item.place === undefined || text === undefined || text === item.text) return current
    return replaceText(current, item.place, text)
  }, messages)
}

/** Media that nothing here can judge: the policy says what that means. */
export function mediaOutcomes(media: readonly UnjudgedMedia[], policy: EffectivePolicy): readonly TextOutcome[] {
  if (policy.media === 'pass') return []
  return media.map(({ message }) => mediaOutcome(policy, message))
}

/** The outcome for one unjudged medium. */
export function mediaOutcome(policy: EffectivePolicy, message?: number): TextOutcome {
  const action = policy.media
  const item: RuledFinding = {
    finding: { label: 'media.unjudged', score: 1, reason: 'No guard can judge this kind of content.' },
    guard: 'media',
    action,
    shadow: policy.shadow,
  }
  return {
    entries: [],
    verdicts: [
      {
        status: 'judged',
        guard: 'media',
        stage: 'input',
        ms: 0,
        shadow: policy.shadow,
        cached: false,
        report: { findings: [item.finding] },
      },
    ],
    ruled: [item],
    decision: policy.shadow ? 'pass' : action,
    shadowDecision: action,
    field: 'prompt',
    ...(message === undefined ? {} : { message }),
  }
}

function warningsOf(outcomes: readonly TextOutcome[]): readonly string[] {
  const failed = outcomes.flatMap(({ verdicts, entries }) =>
    verdicts.filter((verdict) => passedFailure(verdict, entries)),
  )
  return failed.map(
    (verdict) => `${verdict.guard} ended as ${verdict.status} and the policy let the request pass (onError: pass).`,
  )
}

function passedFailure(verdict: Verdict, entries: readonly ResolvedRailEntry[]): boolean {
  if (verdict.status !== 'error' && verdict.status !== 'timeout') return false
  return entries.find((entry) => entry.guard === verdict.guard)?.onError === 'pass'
}

/** Tells the listener of a decision. */
export function report(judge: Pick<Judge, 'emit'>, result: CheckResult, caller: Caller, door: string): void {
  for (const guard of result.guards)
    judge.emit({ type: 'guard-end', result: guard, policyVersion: result.policyVersion })
  judge.emit({ type: 'decision-made', result, caller, door })
}

/** An observer's defect must not become the request's. */
function emitSafely(listener: ParapetListener | undefined, event: ParapetEvent): void {
  try {
    listener?.(event)
  } catch {
    // Nothing to do: the listener is the only place that could be told.
  }
}
