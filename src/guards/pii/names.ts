/**
 * Names of people by a library: `compromise`, an optional peer dependency, loaded on the first check that needs it.
 *
 * It reads whole sentences of English and takes milliseconds, so it is off unless asked for, and a guard that uses it has no
 * stream session: the pipeline holds the text back instead.
 */
import { ParapetError } from '../../spec/errors.ts'

/** Finds names in a text; offsets in UTF-16 units. */
export type NameFinder = (text: string) => readonly { readonly start: number; readonly end: number }[]

const PACKAGE = 'compromise'

/** Loads the library. `load` exists for tests and for hosts without dynamic import. */
export async function loadNameFinder(load: () => Promise<unknown> = () => import(PACKAGE)): Promise<NameFinder> {
  let module: unknown
  try {
    module = await load()
  } catch (cause) {
    throw new ParapetError(
      'engine_unavailable',
      'Finding names needs the package compromise: run `npm install compromise`, or set `names: false`.',
      {
        cause,
      },
    )
  }
  const nlp = isRecord(module) ? module['default'] : undefined
  if (typeof nlp !== 'function') {
    throw new ParapetError(
      'engine_unavailable',
      'The package compromise has no default export: install version 14 of it.',
    )
  }
  return (text) => toSpans(nlp(text))
}

function toSpans(document: unknown): readonly { start: number; end: number }[] {
  const people = callMethod(document, 'people')
  const rows = callMethod(people, 'json', { offset: true })
  if (!Array.isArray(rows)) return []
  return rows.flatMap((row: unknown) => {
    const offset = isRecord(row) ? row['offset'] : undefined
    if (!isRecord(offset)) return []
    const { start, length } = offset
    return typeof start === 'number' && typeof length === 'number' && length > 0 ? [{ start, end: start + length }] : []
  })
}

function callMethod(target: unknown, name: string, ...args: readonly unknown[]): unknown {
  const method = isRecord(target) ? target[name] : undefined
  return typeof method === 'function' ? Reflect.apply(method, target, args) : undefined
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}
