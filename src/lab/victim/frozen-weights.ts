/** Which weights a tuning may not change: whole parameters by name, or single elements by a mask. */
import type { ParameterRule } from '../../nn/runtime/trained-parameters.ts'
import type { ParameterValues } from '../../nn/tensor/parameters.ts'
import { ParapetError } from '../../spec/errors.ts'

/** Names of whole parameters; or by name `true` for all of it, or a mask of its length in which 1 is frozen and 0 is trained. */
export type FrozenWeights = readonly string[] | Readonly<Record<string, true | Uint8Array>>

/** The rule of each parameter for a training session. Throws `configuration` for unknown names and masks that do not fit. */
export function frozenRule(parameters: ParameterValues, frozen: FrozenWeights): (name: string) => ParameterRule {
  const entries = new Map<string, true | Uint8Array>(
    isList(frozen) ? frozen.map((name) => [name, true] as const) : Object.entries(frozen),
  )
  for (const [name, mask] of entries) {
    const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined
    if (value === undefined)
      throw new ParapetError('configuration', `The model has no parameter ${name} that could be frozen.`)
    if (mask !== true && mask.length !== value.data.length)
      throw new ParapetError(
        'configuration',
        `The mask of ${name} has ${mask.length} elements; the parameter has ${value.data.length}.`,
      )
  }
  return (name) => {
    const mask = entries.get(name)
    if (mask === undefined) return {}
    return mask === true ? { frozen: true } : { mask: mask.map((keep) => (keep === 0 ? 1 : 0)) }
  }
}

const isList = (frozen: FrozenWeights): frozen is readonly string[] => Array.isArray(frozen)
