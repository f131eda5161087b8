/**
 * One judge of a policy file by itself, for whoever measures it: its engine, format and settings, without rails, windows and the rest
 * of the policy.
 */
import { dirname } from 'node:path'
import { PolicyError } from '../spec/index.ts'
import type { CompletionEngine } from '../spec/index.ts'
import type { JudgeGuardOptions } from '../guards/judge/index.ts'
import { systemClock } from './clock.ts'
import { createJudgeEngines } from './judge-engine.ts'
import { judgeOptions } from './judge-family.ts'
import { loadPolicy } from './policy-file.ts'
import { guardProblems } from './registry.ts'

export type PolicyJudge = Pick<JudgeGuardOptions, 'format' | 'policy' | 'settings' | 'threshold' | 'system'> & {
  readonly engine: CompletionEngine
}

/**
 * Reads a policy file and makes the judge that it defines as `guard`.
 *
 * @throws PolicyError when the file has mistakes or no such judge; ParapetError `configuration` when its key is missing
 */
export async function openPolicyJudge(
  file: string,
  guard: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<PolicyJudge> {
  const { guards = {} } = await loadPolicy(file)
  const definition = Object.hasOwn(guards, guard) ? guards[guard] : undefined
  const key = `guards.${guard}`
  if (definition?.use !== 'judge') {
    const judges = Object.keys(guards).filter((name) => guards[name]?.use === 'judge')
    const remedy = judges.length === 0 ? 'Define one with use: judge.' : `It defines ${judges.join(', ')}.`
    throw new PolicyError([{ key, message: 'the policy defines no judge of this name', remedy }])
  }
  const problems = guardProblems(definition)
  if (problems.length > 0) throw new PolicyError(problems.map((one) => ({ ...one, key: `${key}${one.key}` })))
  const { use: _use, hard: _hard, ...options } = definition
  const { engine, format, policy, settings, threshold, system } = judgeOptions.parse(options)
  // Whoever measures asks about every row: a server's bad minute must not fail all rows of that minute unasked.
  const asked = 'gguf' in engine ? engine : { ...engine, circuit: false as const }
  return {
    ...{ engine: createJudgeEngines(env, systemClock).completion(asked, dirname(file)), format },
    ...(policy === undefined ? {} : { policy }),
    ...(settings === undefined ? {} : { settings }),
    ...(threshold === undefined ? {} : { threshold }),
    ...(system === undefined ? {} : { system }),
  }
}
