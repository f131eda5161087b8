/**
 * Which models a policy's guards are, so that `parapet bench` knows what it can say of their training texts. It looks at definitions only,
 * and builds nothing; a guard in shadow counts, because its scores are reported, and one of a narrower scope, because a caller may be in it.
 */
import { versionsOf } from '../compose/classifier-family.ts'
import type { GuardDefinition, Policy } from '../spec/policy.ts'
import type { GuardModels } from './runtime.ts'

/** The guard whose scores every row carries, whatever the rails list. */
const SCORER = 'classifier'

type Owner = 'shipped' | 'other'

/** The models of all rails of all scopes. A guard with a model of its own was not trained on what the shipped ones were. */
export function modelsOf(policy: Policy): GuardModels {
  const { guards = {} } = policy
  const judging: Owner = versionsOf(guards, SCORER) === null ? 'shipped' : 'other'
  const owners = new Set(
    [...guardNames(policy)].flatMap((name) =>
      ownersOf((Object.hasOwn(guards, name) ? guards[name] : undefined) ?? { use: name }, judging),
    ),
  )
  return { shipped: owners.has('shipped'), other: owners.has('other') }
}

function guardNames({ rails, scopes = {} }: Policy): ReadonlySet<string> {
  const { organisation, applications = {}, users = {} } = scopes
  const all = [{ rails }, organisation, ...Object.values(applications), ...Object.values(users)]
  const entries = all.flatMap((scope) => Object.values(scope?.rails ?? {}).flat())
  return new Set([SCORER, ...entries.map((entry) => (typeof entry === 'string' ? entry : entry.guard))])
}

/** @param judging whose the model is that guards of other families ask where they want a classifier */
function ownersOf({ use, ...options }: GuardDefinition, judging: Owner): readonly Owner[] {
  switch (use) {
    case 'classifier':
      return 'versions' in options ? ['other'] : ['shipped']
    case 'conversation':
    case 'chunks':
      return [judging]
    case 'judge':
      return 'band' in options ? ['other', judging] : ['other']
    case 'topic':
      return 'model' in options ? ['other'] : ['shipped']
    case 'text-classifier':
      return ['other']
    case 'grounding':
      return 'judge' in options ? ['other'] : []
    default:
      return []
  }
}
