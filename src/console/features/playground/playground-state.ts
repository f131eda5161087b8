/**
 * The playground: what is being written, whether it is being judged, and what came of it. Drafts and the last result survive a
 * reload of the tab.
 */
import type { ReadonlySignal, Signal } from '@preact/signals'
import { computed, signal } from '@preact/signals'
import type { GuardReplyBody } from '../../../contract/index.ts'
import { isJsonObject } from '../../../contract/json.ts'
import type { GatewayClient } from '../../data/gateway.ts'
import type { Memory } from '../../data/memory.ts'
import type { Problem } from '../../data/problem.ts'
import { problemFrom } from '../../data/problem.ts'
import { isGuardReply } from '../../data/shapes.ts'
import type { JudgedInput } from '../judgement/texts.ts'
import type { DraftMessage, Mode, RowDraft } from './drafts.ts'
import { EMPTY_CONVERSATION, EMPTY_ROW, readMessages, readMode, readRow, toBody, toInput } from './drafts.ts'
import type { Example } from './examples.ts'

/** What came of the last judging. */
export type Result =
  | { readonly kind: 'none' }
  | { readonly kind: 'judged'; readonly input: JudgedInput; readonly reply: GuardReplyBody }
  | { readonly kind: 'problem'; readonly problem: Problem }

export interface Playground {
  readonly mode: Signal<Mode>
  readonly row: Signal<RowDraft>
  readonly messages: Signal<readonly DraftMessage[]>
  readonly result: ReadonlySignal<Result>
  readonly busy: ReadonlySignal<boolean>
  /** Says which words are missing; null when nothing is. */
  readonly missing: Signal<string | null>
  /** The text was changed since the result was made. */
  readonly stale: ReadonlySignal<boolean>
  /** Judges what is written. Resolves when there is a result, or when it was cancelled or had nothing to judge. */
  judge(): Promise<void>
  cancel(): void
  show(example: Example): void
  clear(): void
}

export interface PlaygroundParts {
  readonly client: Pick<GatewayClient, 'guard'>
  readonly memory: Memory
  /** Told of every result. */
  readonly onResult: (result: Result) => void
}

const NOTHING: Result = { kind: 'none' }

export function createPlayground({ client, memory, onResult }: PlaygroundParts): Playground {
  const mode = memory.remember<Mode>('mode', 'text', readMode)
  const row = memory.remember('row', EMPTY_ROW, readRow)
  const messages = memory.remember('messages', EMPTY_CONVERSATION, readMessages)
  const result = memory.remember<Result>('result', NOTHING, readResult)
  const call = signal<AbortController | null>(null)
  const missing = signal<string | null>(null)

  const judge = async (): Promise<void> => {
    const wanted = toInput(mode.value, row.value, messages.value)
    missing.value = 'missing' in wanted ? wanted.missing : null
    if ('missing' in wanted) return
    call.value?.abort()
    const own = new AbortController()
    call.value = own
    try {
      const reply = await client.guard(toBody(wanted.input), own.signal)
      if (!own.signal.aborted) result.value = { kind: 'judged', input: wanted.input, reply }
    } catch (thrown) {
      if (!own.signal.aborted) result.value = { kind: 'problem', problem: problemFrom(thrown) }
    }
    if (own.signal.aborted) return
    call.value = null
    onResult(result.value)
  }
  return {
    mode,
    row,
    messages,
    result,
    missing,
    busy: computed(() => call.value !== null),
    stale: computed(() => {
      const { value } = result
      if (value.kind !== 'judged') return false
      const now = toInput(mode.value, row.value, messages.value)
      return !('input' in now) || JSON.stringify(now.input) !== JSON.stringify(value.input)
    }),
    judge,
    cancel() {
      call.value?.abort()
      call.value = null
    },
    show(example) {
      missing.value = null
      mode.value = example.mode
      if (example.row !== undefined) row.value = example.row
      if (example.messages !== undefined) {
        messages.value = example.messages.map((message, index) => ({ id: index + 1, ...message }))
      }
    },
    clear() {
      missing.value = null
      if (mode.value === 'text') row.value = EMPTY_ROW
      else messages.value = EMPTY_CONVERSATION
    },
  }
}

/** A judged result as it was stored; problems are not brought back. */
function readResult(stored: unknown): Result | undefined {
  if (!isJsonObject(stored) || stored['kind'] !== 'judged') return undefined
  const { input, reply } = stored
  return isJsonObject(input) && isGuardReply(reply) ? (stored as unknown as Result) : undefined
}
