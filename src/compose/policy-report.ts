/** Everything `policy check` has to say about a policy file, or about the built-in policy. */
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { verifyPolicy } from '../core/policy/index.ts'
import type { PolicyNote } from '../core/policy/index.ts'
import type { ClassifierEngine, Guard, Policy, PolicyIssue } from '../spec/index.ts'
import { PolicyError } from '../spec/index.ts'
import { BUILTIN_POLICY } from './builtin-policy.ts'
import { systemClock } from './clock.ts'
import { createParts } from './engines.ts'
import { createGeneration } from './generation.ts'
import type { JudgingVersion } from './guard-versions.ts'
import { locateIssues, loadPolicy } from './policy-file.ts'

/** A note with its place in the file. */
export type PlacedNote = PolicyNote & Pick<PolicyIssue, 'file' | 'line' | 'column'>

export interface PolicyFileReport {
  /** Mistakes: the policy is not used. */
  readonly issues: readonly PolicyIssue[]
  /** Null when there are mistakes. */
  readonly version: string | null
  readonly policy: Policy | null
  readonly notes: readonly PlacedNote[]
  /** Guards whose model is a version of a folder of `parapet improve`. */
  readonly versions: readonly Omit<JudgingVersion, 'mark'>[]
}

/** Checks a policy file and builds everything it names; null checks the built-in policy. */
export async function checkPolicyFile(
  path: string | null,
  options: {
    readonly guards?: readonly Guard[]
    readonly classifier?: ClassifierEngine
    readonly env?: Readonly<Record<string, string | undefined>>
  } = {},
): Promise<PolicyFileReport> {
  const { guards = [], classifier, env = process.env } = options
  const parts = createParts({ env, ...(classifier === undefined ? {} : { classifier }) })
  const own = new Map(guards.map((guard) => [guard.id, guard]))
  const place = await placer(path)
  try {
    const policy = path === null ? BUILTIN_POLICY : await loadPolicy(path)
    const generation = await createGeneration(policy, {
      ...{ clock: systemClock, parts, own },
      ...(path === null ? {} : { folder: dirname(path) }),
    })
    const notes = verifyPolicy(policy, generation.guards, systemClock.now())
    return {
      issues: [],
      version: generation.version,
      policy,
      notes: notes.map((note) => ({ ...note, ...placeOf(place([note])[0]) })),
      versions: generation.versions.map(({ guard, version, folder, since }) => ({ guard, version, folder, since })),
    }
  } catch (cause) {
    if (!(cause instanceof PolicyError)) throw cause
    return { issues: place(cause.issues), version: null, policy: null, notes: [], versions: [] }
  } finally {
    await parts.close()
  }
}

async function placer(path: string | null): Promise<(issues: readonly PolicyIssue[]) => readonly PolicyIssue[]> {
  if (path === null) return (issues) => issues
  const text = await readFile(path, 'utf8').catch(() => null)
  return text === null ? (issues) => issues : (issues) => locateIssues(issues, text, path)
}

function placeOf(issue: PolicyIssue | undefined): Pick<PolicyIssue, 'file' | 'line' | 'column'> {
  const { file, line, column } = issue ?? {}
  return {
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
    ...(column === undefined ? {} : { column }),
  }
}
