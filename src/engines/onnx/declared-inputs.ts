/**
 * Which inputs a graph declares, and what they are fed with. Graphs of one branch read one sequence; graphs of two (`input_ids1`,
 * `input_ids2`) read the two texts of a pair apart.
 */
import type { OnnxInput, OnnxRuntime, OnnxSession, OnnxTensor } from '../../nn/runtime/onnx-runtime.ts'
import { folderError } from './folder-error.ts'
import type { Sequence } from './token-windows.ts'

const KNOWN = /^(input_ids|attention_mask|token_type_ids|position_ids)(?:_?([12]))?$/

type Kind = 'input_ids' | 'attention_mask' | 'token_type_ids' | 'position_ids'

interface DeclaredInput {
  readonly name: string
  readonly kind: Kind
  /** 0, or 1 for the second text of a pair. */
  readonly branch: number
  readonly type: 'int64' | 'int32'
}

export interface DeclaredInputs {
  readonly inputs: readonly DeclaredInput[]
  readonly branches: 1 | 2
  /** Sizes that the file fixes; absent where they are free. */
  readonly batch?: number
  readonly length?: number
}

/** Throws `engine_unavailable` for inputs that nobody here can feed. */
export function declaredInputs(folder: string, session: OnnxSession): DeclaredInputs {
  const inputs = session.inputNames.map((name): DeclaredInput => {
    const [, kind, branch] = KNOWN.exec(name) ?? []
    if (kind === undefined) throw unknownInput(folder, name)
    const declared = session.inputMetadata?.find((one) => one.name === name)
    return { name, kind: kind as Kind, branch: branch === '2' ? 1 : 0, type: integerType(folder, name, declared) }
  })
  const two = inputs.some(({ branch }) => branch === 1)
  for (const branch of two ? [0, 1] : [0])
    if (!inputs.some((input) => input.kind === 'input_ids' && input.branch === branch))
      throw folderError(
        folder,
        `its graph has no input input_ids${two ? branch + 1 : ''}; it has ${session.inputNames.join(', ')}. ` +
          'Export it as a text classifier or a feature extractor.',
      )
  const shape = session.inputMetadata?.find(({ name }) => name === inputs[0]?.name)?.shape ?? []
  const fixed = (axis: number): number | undefined => {
    const size = shape[axis]
    return typeof size === 'number' && size > 0 ? size : undefined
  }
  const [batch, length] = [fixed(0), fixed(1)]
  return {
    inputs,
    branches: two ? 2 : 1,
    ...(batch === undefined ? {} : { batch }),
    ...(length === undefined ? {} : { length }),
  }
}

function unknownInput(folder: string, name: string): Error {
  const why = name.startsWith('past_key_values')
    ? 'which generates texts. Export it with --task text-classification'
    : 'which is not one of input_ids, attention_mask, token_type_ids and position_ids'
  return folderError(folder, `its graph wants the input ${name}, ${why}.`)
}

function integerType(folder: string, name: string, declared: OnnxInput | undefined): 'int64' | 'int32' {
  const { type = 'int64' } = declared ?? {}
  if (type === 'int64' || type === 'int32') return type
  throw folderError(folder, `its graph wants ${name} as ${type}; token ids are int64 or int32.`)
}

/** Rows of one length for each branch, padded to `lengths`; every row has one sequence for each branch. */
export function feedsOf(
  runtime: OnnxRuntime,
  { inputs }: DeclaredInputs,
  rows: readonly (readonly Sequence[])[],
  lengths: readonly number[],
  padToken: number,
): Readonly<Record<string, OnnxTensor>> {
  return Object.fromEntries(
    inputs.map(({ name, kind, branch, type }) => {
      const length = lengths[branch] ?? 0
      const values = new Int32Array(rows.length * length)
      rows.forEach((row, index) => {
        const { ids = [], types = [] } = row[branch] ?? {}
        for (let place = 0; place < length; place += 1)
          values[index * length + place] = valueAt(kind, place, ids, types, padToken)
      })
      const data = type === 'int32' ? values : BigInt64Array.from(values, BigInt)
      return [name, runtime.tensor(type, data, [rows.length, length])]
    }),
  )
}

function valueAt(
  kind: Kind,
  place: number,
  ids: readonly number[],
  types: readonly number[],
  padToken: number,
): number {
  switch (kind) {
    case 'input_ids':
      return ids[place] ?? padToken
    case 'attention_mask':
      return place < ids.length ? 1 : 0
    case 'token_type_ids':
      return types[place] ?? 0
    case 'position_ids':
      return place
  }
}
