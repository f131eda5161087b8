/**
 * How an answer ends, in the words of each version: the reason, the tokens used, and what was decided about it.
 */
import type { CheckResult, CompletionUsage, Decision, GuardedPart, GuardedStream } from '../../spec/index.ts'
import type { AnyFinishReason, AnyUsage, PartOf } from './provider-types.ts'
import type { SpecificationVersion } from './types.ts'
import { noUsage, plusTokens } from './usage.ts'
import type { Verdicts } from './verdicts.ts'

type Reason = 'content-filter' | 'error'

/** What a finished answer's metadata says under `parapet`. No text is in it. */
export type DecisionMetadata = Readonly<Record<string, string | readonly string[]>>

/** Values of a finish part that may hold words. */
export function finishWords(part: PartOf<'finish'>): readonly unknown[] {
  return [rawReason(part.finishReason), part.usage]
}

function rawReason(reason: AnyFinishReason): unknown {
  return typeof reason === 'string' ? reason : reason.raw
}

/** The model's own end of its answer. */
export function modelFinish(part: PartOf<'finish'>, verdicts: Verdicts, decision: DecisionMetadata): PartOf<'finish'> {
  const { finishReason: reason } = part
  const { providerMetadata } = verdicts.metadata(part)
  return {
    type: 'finish',
    usage: verdicts.fit(part.usage) ?? numbersOf(part.usage),
    finishReason:
      typeof reason === 'string'
        ? verdicts.text(reason)
        : { unified: reason.unified, raw: reason.raw === undefined ? undefined : verdicts.text(reason.raw) },
    providerMetadata: { ...providerMetadata, parapet: decision },
  } as PartOf<'finish'>
}

/** An end of our own. */
export function ownFinish(version: SpecificationVersion, reason: Reason, decision: DecisionMetadata): PartOf<'finish'> {
  return {
    type: 'finish',
    usage: noUsage(version),
    finishReason: version === 'v2' ? reason : { unified: reason, raw: 'parapet' },
    providerMetadata: { parapet: decision },
  } as PartOf<'finish'>
}

/**
 * The end of an answer in words of our own that no model was asked for.
 * @param told tokens of the calls that chose them
 */
export function answerFinish(version: SpecificationVersion, told?: CompletionUsage): PartOf<'finish'> {
  const finishReason = version === 'v2' ? 'stop' : { unified: 'stop', raw: 'parapet' }
  return { type: 'finish', usage: plusTokens(version, noUsage(version), told), finishReason } as PartOf<'finish'>
}

function numbersOf(usage: AnyUsage): AnyUsage {
  const numbers = (value: unknown): unknown =>
    typeof value === 'object' && value !== null
      ? Object.fromEntries(
          Object.entries(value).flatMap(([key, item]) => (typeof item === 'number' ? [[key, item]] : [])),
        )
      : value
  const kept = Object.entries(usage).filter(([key, value]) => key !== 'raw' && typeof value !== 'string')
  return Object.fromEntries(kept.map(([key, value]) => [key, numbers(value)])) as unknown as AnyUsage
}

/** The decision as metadata. */
export function decisionMetadata(
  result: Pick<CheckResult, 'decisionId' | 'decision'> & Partial<CheckResult>,
): DecisionMetadata {
  const { decisionId, decision, policyVersion, guards = [] } = result
  const labels = [...new Set(guards.filter(({ shadow }) => !shadow).flatMap((guard) => guard.labels))]
  return {
    decisionId,
    decision,
    ...(policyVersion === undefined ? {} : { policyVersion }),
    ...(labels.length === 0 ? {} : { labels }),
  }
}

/**
 * The decision of a turn that has ended. Guards that only observe may still be thinking; nobody waits for them, and what is known
 * without them is told.
 */
export async function decided(guarded: GuardedStream<GuardedPart>): Promise<DecisionMetadata> {
  const soFar: { decisionId: string; decision: Decision } = {
    decisionId: guarded.decisionId ?? '',
    decision: guarded.decisionSoFar?.() ?? 'pass',
  }
  const soon = new Promise<null>((resolve) => setTimeout(() => resolve(null), 0))
  return decisionMetadata((await Promise.race([guarded.result, soon])) ?? soFar)
}
