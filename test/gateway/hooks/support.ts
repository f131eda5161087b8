/**
 * What the tests of the hooks share: a real pipeline over guards made of one word each, and a door called without a server. The
 * words: BLOCKME, MASKME, REFUSEME, HOLDME, FLAGME; FAILME makes a guard throw, LATEME makes it never answer.
 */
import { compilePolicy } from '../../../src/core/policy/index.ts'
import { createJudge } from '../../../src/core/pipeline/index.ts'
import type { HookDeps } from '../../../src/gateway/hooks/hook.ts'
import type { Action, Caller, CheckInput, CheckResult, Guard, Policy } from '../../../src/spec/index.ts'
import { STAGES } from '../../../src/spec/index.ts'

function wordGuard(word: string, action: Action, replacement = '[masked]'): Guard {
  return {
    specVersion: 'v1',
    id: word.toLowerCase(),
    version: '1',
    stages: STAGES,
    cacheable: false,
    check: ({ text }) => ({
      findings: [...text.original.matchAll(new RegExp(word, 'g'))].map(({ index }) => ({
        label: `rule.${word.toLowerCase()}`,
        score: 1,
        span: { start: index, end: index + word.length },
        action,
        replacement,
      })),
    }),
  }
}

const TROUBLE: Guard = {
  specVersion: 'v1',
  id: 'trouble',
  version: '1',
  stages: STAGES,
  cacheable: false,
  check({ text }) {
    if (text.original.includes('FAILME')) throw new TypeError('MARKER in a stack')
    return text.original.includes('LATEME') ? new Promise(() => undefined) : { findings: [] }
  },
}

export const WORDS: readonly Guard[] = [
  wordGuard('BLOCKME', 'block'),
  wordGuard('MASKME', 'modify'),
  wordGuard('REFUSEME', 'refuse'),
  wordGuard('HOLDME', 'hold'),
  wordGuard('FLAGME', 'flag'),
  TROUBLE,
]

/** What one call of a door asked the pipeline. */
export interface Asked {
  readonly input: CheckInput
  readonly options: { readonly door: string; readonly model?: string }
  readonly result: CheckResult
}

export interface Desk {
  readonly deps: HookDeps
  readonly asked: Asked[]
}

/** A desk to call a door at. */
export function desk(
  options: {
    readonly guards?: readonly Guard[]
    readonly policy?: Partial<Policy>
    readonly caller?: Caller
    readonly signal?: AbortSignal
  } = {},
): Desk {
  const { guards = WORDS, policy = {}, caller = { key: 'gate' }, signal = new AbortController().signal } = options
  const names = guards.map(({ id }) => id)
  const compiled = compilePolicy({
    parapet: 1,
    rails: { input: names, retrieval: names, tool_call: names, tool_result: names, output: names },
    refusals: { default: 'I would rather not.' },
    deadlines: { guard: 30, stage: 30 },
    ...policy,
  })
  let count = 0
  const judge = createJudge({
    policy: () => compiled,
    guards: new Map(guards.map((guard) => [guard.id, guard])),
    clock: {
      now: () => 0,
      setTimeout: (callback, ms) => setTimeout(callback, ms),
      clearTimeout: (handle) => clearTimeout(handle as number),
    },
    newId: () => `dec_${++count}`,
  })
  const asked: Asked[] = []
  return {
    asked,
    deps: {
      caller,
      signal,
      async check(input, given) {
        const result = await judge.check(input, given)
        asked.push({ input, options: given, result })
        return result
      },
    },
  }
}

/** The error a door throws. */
export async function thrownBy(call: Promise<unknown>): Promise<{ code?: string; param?: unknown; message: string }> {
  const error = await call.then(
    () => new Error('nothing was thrown'),
    (thrown: unknown) => thrown as Error & { code?: string; details?: { param?: unknown } },
  )
  const { code, details } = error as { code?: string; details?: { param?: unknown } }
  return { ...(code === undefined ? {} : { code }), param: details?.param, message: error.message }
}
