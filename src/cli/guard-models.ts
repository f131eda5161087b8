/**
 * Which models a policy's guards are, so that `parapet bench` knows what it can say of their training texts. It looks at definitions only,
 * and builds nothing; a guard in shadow counts, because its scores are reported.
 */
import type { Policy } from '../spec/policy.ts'
import type { GuardModels } from './runtime.ts'

/** Families whose model ships in the package. */
const SHIPPED: ReadonlySet<string> = new Set(['classifier', 'conversation', 'chunks', 'topic'])
/** Families that ask a model of the user's. */
const OTHER: ReadonlySet<string> = new Set(['judge', 'text-classifier', 'grounding'])

/** Options that name a model of the user's in a family that otherwise takes the shipped one. */
const OWN = ['model', 'versions'] as const

/** The models of all rails. A classifier or topic guard with a model of its own was not trained on what the shipped ones were. */
export function modelsOf({ guards = {}, rails = {} }: Policy): GuardModels {
  const definitions = Object.values(rails)
    .flat()
    .map((entry) => {
      const name = typeof entry === 'string' ? entry : entry.guard
      return Object.hasOwn(guards, name) ? guards[name] : { use: name }
    })
    .filter((definition) => definition !== undefined)
  const hasOwn = (definition: (typeof definitions)[number]): boolean => OWN.some((option) => option in definition)
  return {
    shipped: definitions.some((definition) => SHIPPED.has(definition.use) && !hasOwn(definition)),
    other: definitions.some((definition) => OTHER.has(definition.use) || hasOwn(definition)),
  }
}
