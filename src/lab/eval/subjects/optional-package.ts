/**
 * Packages that are measured and not part of Parapet: found from the user's folder first, then from this package, and imported when a
 * subject of theirs is made.
 *
 * It installs nothing.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ParapetError } from '../../../spec/index.ts'

/** A package as installed. */
export interface FoundPackage {
  readonly name: string
  readonly version: string
  /** Address of the module that `import` of the package's name gives. */
  readonly entry: string
}

/**
 * The nearest installation seen from `folder`, else from Parapet itself; null where there is none. Folders are looked through instead
 * of resolving with `require`, which finds no package that is only for `import`.
 */
export function findPackage(name: string, folder: string): FoundPackage | null {
  for (const from of [join(folder, 'parapet-bench.js'), import.meta.url])
    for (const modules of createRequire(from).resolve.paths(name) ?? []) {
      const found = readPackage(name, join(modules, name))
      if (found !== null) return found
    }
  return null
}

/**
 * The same, or an error that says what to install.
 *
 * @throws ParapetError `engine_unavailable`.
 */
export function requirePackage(name: string, folder: string): FoundPackage {
  const found = findPackage(name, folder)
  if (found === null) throw new ParapetError('engine_unavailable', missingPackage(name))
  return found
}

/** What to do about a package that is not there. */
export function missingPackage(name: string): string {
  return `The package ${name} is not installed. Install it in your folder with: npm install ${name}`
}

/**
 * Imports a package and checks that it has what is called.
 *
 * @throws ParapetError `engine_unavailable` where it is missing, cannot be loaded, or lacks one of `names`.
 */
export async function importPackage(
  name: string,
  folder: string,
  names: readonly string[],
): Promise<{ readonly version: string; readonly exports: Readonly<Record<string, unknown>> }> {
  const { entry, version } = requirePackage(name, folder)
  let exports: Readonly<Record<string, unknown>>
  try {
    exports = (await import(entry)) as Readonly<Record<string, unknown>>
  } catch (cause) {
    throw new ParapetError(
      'engine_unavailable',
      `The package ${name} ${version} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    )
  }
  const missing = names.filter((wanted) => exports[wanted] === undefined)
  if (missing.length > 0)
    throw new ParapetError(
      'engine_unavailable',
      `The package ${name} ${version} has no ${missing.join(', ')}. Install a version that this bench knows; the guide names it.`,
    )
  return { version, exports }
}

function readPackage(name: string, folder: string): FoundPackage | null {
  let text: string
  try {
    text = readFileSync(join(folder, 'package.json'), 'utf8')
  } catch {
    return null
  }
  const manifest = JSON.parse(text) as Readonly<Record<string, unknown>>
  const { exports, module, main, version } = manifest
  const file = [entryOf(exports), module, main].find((one) => typeof one === 'string') ?? 'index.js'
  return { name, version: String(version), entry: pathToFileURL(join(folder, String(file))).href }
}

/** The file of the package's own name under the conditions `import` uses, in the order the package wrote them. */
function entryOf(exports: unknown): string | undefined {
  if (typeof exports === 'string') return exports
  if (typeof exports !== 'object' || exports === null) return undefined
  for (const [condition, target] of Object.entries(exports))
    if (['.', 'node', 'import', 'default'].includes(condition)) {
      const file = entryOf(target)
      if (file !== undefined) return file
    }
  return undefined
}
