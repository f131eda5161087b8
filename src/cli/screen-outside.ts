/** The checks of `parapet screen` that need more than the lab has: a policy's whole pipeline, and a judge of a policy file. */
import { createJudgeSubject } from '../lab/eval/subjects/index.ts'
import type { DataRow, OutsideCheck } from '../lab/screen/index.ts'
import { ParapetError } from '../spec/errors.ts'
import { usageError } from './exit.ts'
import { findPolicy } from './find-policy.ts'
import type { CliIo } from './io.ts'
import type { Checker, Runtime } from './runtime.ts'

export interface OutsideChecks {
  readonly checks: readonly OutsideCheck[]
  close(): Promise<void>
}

/** `policy` and `judge` as given with the options; undefined for none. */
export async function openOutsideChecks(
  io: CliIo,
  runtime: Runtime,
  { policy, judge }: { readonly policy: string | undefined; readonly judge: string | undefined },
): Promise<OutsideChecks> {
  const checks: OutsideCheck[] = judge === undefined ? [] : [await judgeCheck(io, runtime, judge)]
  if (policy === undefined) return { checks, close: async () => undefined }
  const checker = await runtime.openChecker(findPolicy(io, policy)?.path ?? null)
  return { checks: [policyCheck(checker), ...checks], close: () => checker.close() }
}

/** Every exchange is judged; the worst decision counts. */
function policyCheck(checker: Checker): OutsideCheck {
  return {
    name: 'policy',
    version: checker.policyVersion,
    async measure(row, signal) {
      let turn = 0
      let failed: { readonly code: string; readonly message: string } | null = null
      for (const { asked, answer, system, at } of exchangesOf(row)) {
        const input = { prompt: asked, response: answer, ...(system === '' ? {} : { system }) }
        const { decision, error } = await checker.check(input, { signal })
        turn = at
        if (decision === 'block' || decision === 'refuse' || decision === 'hold')
          return { score: 1, place: { turn, start: 0, end: row.turns[turn]?.text.length ?? 0 } }
        if (decision === 'error' || decision === 'timeout') failed ??= error ?? { code: decision, message: decision }
      }
      if (failed !== null) throw new ParapetError('guard_failed', `The policy gave no decision: ${failed.message}`)
      return { score: 0 }
    },
  }
}

async function judgeCheck(io: CliIo, runtime: Runtime, text: string): Promise<OutsideCheck> {
  const [file = '', guard = ''] = text.split('#')
  if (file === '' || guard === '') throw usageError(`--judge ${text} names no judge. Write POLICY.yaml#NAME.`)
  const judge = await runtime.openJudge(findPolicy(io, file)?.path ?? file, guard, io.env)
  const subject = createJudgeSubject({ ...judge, name: `judge ${text}` })
  return {
    name: 'judge',
    version: subject.version,
    async measure(row, signal) {
      let worst = 0
      for (const { asked, answer, system, at } of exchangesOf(row)) {
        const prediction = await subject.predict(
          {
            ...{ id: `${row.line}.${at}`, task: 'response_harm', language: 'und', categories: [] },
            ...{ prompt: asked, response: answer, system: system === '' ? null : system, label: 0 },
          },
          signal,
        )
        if (prediction.outcome !== 'scored') throw new ParapetError('guard_failed', 'The judge gave no score.')
        worst = Math.max(worst, prediction.score ?? (prediction.positive ? 1 : 0))
      }
      return { score: worst }
    },
  }
}

interface Exchange {
  readonly asked: string
  readonly answer: string
  readonly system: string
  readonly at: number
}

function exchangesOf({ turns }: DataRow): readonly Exchange[] {
  const system = turns
    .filter(({ role }) => role === 'system')
    .map(({ text }) => text)
    .join('\n')
  let asked = ''
  return turns.flatMap(({ role, text }, at) => {
    if (role === 'user') asked = text
    return role === 'assistant' ? [{ asked, answer: text, system, at }] : []
  })
}
