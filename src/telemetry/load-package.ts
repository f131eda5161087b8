/** Loads a package that is only needed when traces are wanted; says what to install when it is not there. */
import { ParapetError } from '../spec/index.ts'

/** How packages are loaded; tests hand in one that finds nothing. */
export type PackageLoader = (name: string) => Promise<unknown>

export const importPackage: PackageLoader = (name) => import(name) as Promise<unknown>

/** @throws ParapetError `configuration` that names all packages needed */
export async function loadPackage<T>(name: string, needed: readonly string[], load: PackageLoader): Promise<T> {
  try {
    return (await load(name)) as T
  } catch (cause) {
    throw new ParapetError('configuration', `Traces need ${name}. Install it: npm install ${needed.join(' ')}`, {
      cause,
    })
  }
}
