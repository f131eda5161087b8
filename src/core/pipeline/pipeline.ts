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
  ConversationPolicy,
  DecisionContent,
  DecisionDraft,
  Guard,
  Message,
  ParapetEvent,
  ParapetListener,
  Verdict,
} from '../../spec/index.ts'
import type { CompiledPolicy, EffectivePolicy, ResolvedRailEntry } from '../policy/types.ts'
import { createTextView } from '../text/index.ts'
import { applyModifications } from './decide.ts'
import { judgeMedium, mediaEntries, mediumReplacement, mediumType, unjudgedMedium } from './media.ts'
import type { DecisionFacts } from './record.ts'
import { contentOf, recordDecision } from './record.ts'
import type { LanguageDetector } from './refusal.ts'
import { refusalText } from './refusal.ts'
import type { TextOutcome } from './result.ts'
import { buildResult } from './result.ts'
import type { RailContext } from './run-rail.ts'
import { runRail } from './run-rail.ts'
import type { JudgedText, SelectedMedium, Selection } from './texts.ts'
import { replaceMedium, replaceText, ROLES, selectTexts } from './texts.ts'
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
  /** Takes every decision for the record, once or (answers of models) once open and once final. */
  readonly record?: (draft: DecisionDraft) => void
  readonly newId?: () => string
}

export interface CheckOptions {
  readonly signal?: AbortSignal
  /** Where the request came in, for metrics: `library`, `cli`, `guard`… */
  readonly door?: string
  /** The model asked for, for the record. */
  readonly model?: string
  /** Tell nobody: the check is a part of a decision that is reported as a whole. */
  readonly silent?: boolean
  /**
   * Index of the first message that is new, such as an answer. From it on every message is judged, whatever the policy's window;
   * those before it were judged already and stand beside them.
   */
  readonly from?: number
  /** Told what was judged, when the check is a part of a decision. */
  readonly onOutcomes?: (outcomes: readonly TextOutcome[]) => void
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
  const { from } = options
  const selection = selectTexts(input, from === undefined ? policy.conversation : windowFrom(from, input))
  const context = judge.railContext(policy, options.signal)
  const [textOutcomes, mediaOutcomes] = await Promise.all([
    judgeTexts(judge, selection, policy, caller, context, input.messages),
    judgeMedia(selection.media, caller, context, input.messages),
  ])
  const outcomes = [...textOutcomes, ...mediaOutcomes.flat()]
  const changes = modifications(selection, textOutcomes)
  const { id, messages } = input
  const result = buildResult({
    decisionId: judge.newId(),
    policy,
    outcomes,
    ms: clock.now() - started,
    startedAt: started,
    warnings: warningsOf(outcomes),
    refusal: () => judge.refusal(policy, selection.texts.find((text) => text.field === 'prompt')?.text ?? ''),
    ...(id === undefined ? {} : { id }),
    ...changesOf(selection, changes),
    ...(messages && { messages: modifiedMessages(messages, selection, changes, mediaOutcomes) }),
  })
  const { door = 'library', model, silent } = options
  if (silent !== true) {
    const content = (): DecisionContent => contentOf(input)
    report(judge, result, { caller, door, policy, content, outcomes, ...(model === undefined ? {} : { model }) })
  }
  options.onOutcomes?.(outcomes)
  return result
}

function windowFrom(first: number, { messages }: CheckInput): Required<ConversationPolicy> {
  return { messages: Array.isArray(messages) ? messages.length - first : 'all', roles: ROLES }
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
      const { text, place, field, ...beside } = item
      const request = { field, text: createTextView(text), caller, ...beside, ...(messages && { messages }) }
      const outcome = await runRail(request, context, scorerEntry(judge, policy, item))
      return { field, ...(place && { message: place.message }), ...outcome }
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
  mediaOutcomes: readonly (readonly TextOutcome[])[],
): readonly Message[] {
  const texts = selection.texts.reduce((current, item, index) => {
    const text = changes[index]
    if (item.place === undefined || text === undefined || text === item.text) return current
    return replaceText(current, item.place, text)
  }, messages)
  return selection.media.reduce((current, { place }, index) => {
    const [judged] = mediaOutcomes[index] ?? []
    const text = judged === undefined ? null : mediumReplacement(judged)
    return text === null ? current : replaceMedium(current, place, text)
  }, texts)
}

/** For each medium what its guards made of it and, where none of them answers for it, what the policy says. */
function judgeMedia(
  media: readonly SelectedMedium[],
  caller: Caller,
  context: RailContext,
  messages: readonly Message[] | undefined,
): Promise<readonly (readonly TextOutcome[])[]> {
  const beside = { caller, ...(messages === undefined ? {} : { messages }) }
  return Promise.all(
    media.map(async ({ medium, place, ...rest }) => {
      const { source } = medium
      const mediaType = mediumType(medium.mediaType, source)
      const request = { ...rest, ...beside, mediaType, source, message: place.message }
      const entries = mediaEntries(request, context)
      const judged = entries.length === 0 ? [] : [await judgeMedium(request, entries, context)]
      if (entries.some((entry) => !entry.shadow)) return judged
      return [...judged, ...unjudgedMedium(context.policy, request, judged.length > 0)]
    }),
  )
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

/** Tells the listener and the record of a decision. */
export function report(judge: Pick<Judge, 'emit' | 'parts'>, result: CheckResult, facts: DecisionFacts): void {
  for (const guard of result.guards)
    judge.emit({ type: 'guard-end', result: guard, policyVersion: result.policyVersion })
  judge.emit({ type: 'decision-made', result, caller: facts.caller, door: facts.door })
  recordDecision(judge, 'final', result, facts)
}

/** An observer's defect must not become the request's. */
function emitSafely(listener: ParapetListener | undefined, event: ParapetEvent): void {
  try {
    listener?.(event)
  } catch {
    // Nothing to do: the listener is the only place that could be told.
  }
}
