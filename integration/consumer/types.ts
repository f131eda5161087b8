// Compiled against the installed package under two ways of resolving modules; never run.
import { createParapet, definePolicy, ParapetError } from 'parapet'
import type { CheckResult, Decision, Guard, Policy } from 'parapet'
import { guardModel } from 'parapet/ai-sdk'
import { guardedFetch } from 'parapet/openai'
import { traceDecisions } from 'parapet/telemetry'

export const policy: Policy = definePolicy({ parapet: 1, rails: { input: ['unicode', 'pii'] } })

export async function judge(prompt: string): Promise<Decision> {
  const parapet = await createParapet(policy)
  const result: CheckResult = await parapet.check({ prompt })
  await parapet.close()
  return result.decision
}

export const never: Guard = {
  specVersion: 'v1',
  id: 'never',
  version: '1',
  stages: ['input'],
  check: () => ({ findings: [{ label: 'rule.never', score: 1 }] }),
}

export function explain(error: unknown): string {
  return ParapetError.isInstance(error) ? error.code : 'unknown'
}

// @ts-expect-error: a decision is not just any string.
export const wrong: Decision = 'perhaps'

export async function integrate(): Promise<typeof fetch> {
  const parapet = await createParapet(policy, { limits: { concurrency: 8 } })
  parapet.on(await traceDecisions())
  void guardModel
  return guardedFetch(parapet, { unguarded: ['/files'] })
}
