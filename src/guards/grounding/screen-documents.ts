/**
 * Documents screened one by one before a prompt is built of them: each goes through the policy's retrieval rail by itself, and only what may
 * go on comes back. A document that could not be judged does not go on, unless the policy says `onError: pass` of the guard that failed.
 */
import type { Caller, CheckInput, CheckResult } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { DOCUMENT_MARK } from './document-blocks.ts'

export interface RetrievedDocument {
  readonly id: string
  readonly text: string
}

export interface ScreenedDocument extends RetrievedDocument {
  /** `kept`: as it was. `masked`: parts of it were replaced. `dropped`: a guard stopped it. `failed`: a guard failed on it. */
  readonly outcome: 'kept' | 'masked' | 'dropped' | 'failed'
  /** Labels of what was found. */
  readonly labels: readonly string[]
  readonly decisionId: string
}

export interface Screening<Item extends RetrievedDocument> {
  /** Documents that may go on, in their order, masked where the policy says so; other fields are as they were. */
  readonly documents: readonly Item[]
  /** What became of each document, in order. */
  readonly outcomes: readonly ScreenedDocument[]
}

export interface ScreenOptions {
  readonly caller?: Caller
  /** The trusted task. */
  readonly system?: string
  readonly signal?: AbortSignal
}

/** A Parapet, or anything that judges as one does. */
export interface DocumentJudge {
  check(input: CheckInput, options?: { readonly signal?: AbortSignal }): Promise<CheckResult>
}

const AT_ONCE = 8

/** Screens documents. Rejects with `input_invalid` for one that is none, and with `aborted` when the signal fires. */
export async function screenDocuments<Item extends RetrievedDocument>(
  judge: DocumentJudge,
  documents: readonly Item[],
  { caller, system, signal }: ScreenOptions = {},
): Promise<Screening<Item>> {
  for (const [index, document] of documents.entries()) checkDocument(document, index)
  const beside = { ...(caller === undefined ? {} : { caller }), ...(system === undefined ? {} : { system }) }
  const results: CheckResult[] = []
  for (let from = 0; from < documents.length; from += AT_ONCE) {
    const group = documents.slice(from, from + AT_ONCE)
    const inputs = group.map(({ text }): CheckInput => ({ prompt: text, stage: 'retrieval', ...beside }))
    results.push(
      ...(await Promise.all(inputs.map((input) => judge.check(input, signal === undefined ? {} : { signal })))),
    )
  }
  const kept: Item[] = []
  const outcomes = documents.map((document, index): ScreenedDocument => {
    const { decision, decisionId, guards, modified } = results[index] as CheckResult
    const labels = [...new Set(guards.filter(({ shadow }) => !shadow).flatMap((guard) => guard.labels))]
    const outcome = outcomeOf(decision)
    const text = outcome === 'masked' ? (modified?.prompt ?? '') : document.text
    if (outcome === 'kept' || outcome === 'masked') kept.push({ ...document, text })
    return {
      id: document.id,
      text: outcome === 'dropped' || outcome === 'failed' ? '' : text,
      outcome,
      labels,
      decisionId,
    }
  })
  return { documents: kept, outcomes }
}

function outcomeOf(decision: CheckResult['decision']): ScreenedDocument['outcome'] {
  if (decision === 'pass' || decision === 'flag') return 'kept'
  if (decision === 'modify') return 'masked'
  return decision === 'error' || decision === 'timeout' ? 'failed' : 'dropped'
}

/** Documents written into a prompt so that groundedness and citations can find them again; their own marks are defused. */
export function markDocuments(documents: readonly RetrievedDocument[]): string {
  return documents
    .map(({ id, text }) => {
      const name = id.replaceAll(/[^\p{L}\p{N}_.:/-]/gu, '_').slice(0, 64)
      return `<document id="${name}">\n${text.replaceAll(DOCUMENT_MARK, '&lt;')}\n</document>`
    })
    .join('\n')
}

function checkDocument(document: unknown, index: number): void {
  const { id, text } = (document ?? {}) as Partial<RetrievedDocument>
  if (typeof id === 'string' && typeof text === 'string') return
  throw new ParapetError('input_invalid', `documents[${index}] must have \`id\` and \`text\` as strings.`)
}
