/**
 * A mistake found in a policy, with the path of the key it is about, so that whoever knows the file can add line and column.
 */
import type { PolicyIssue } from '../../spec/index.ts'

/** Steps from the top of the policy to a key. */
export type KeyPath = readonly (string | number)[]

/** One mistake: where, what, and what to write instead. */
export interface PolicyProblem {
  readonly path: KeyPath
  readonly message: string
  readonly remedy: string
}

/** A path as users read it: `rails.input[2].guard`, `actions["pii.email"].action`. */
export function formatPath(path: KeyPath): string {
  if (path.length === 0) return 'policy'
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${String(step)}]`
    else if (/^[\p{L}_][\p{L}\p{N}_-]*$/u.test(step)) text += text === '' ? step : `.${step}`
    else text += `[${JSON.stringify(step)}]`
  }
  return text
}

/** The same mistake for a policy that came from no file. */
export function toIssue(problem: PolicyProblem): PolicyIssue {
  return { key: formatPath(problem.path), message: problem.message, remedy: problem.remedy }
}
