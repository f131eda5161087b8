/**
 * `parapet init`: writes the commented policy file.
 */
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { EXIT_OK, fileProblem, usageError } from './exit.ts'
import type { CliIo } from './io.ts'
import type { Runtime } from './runtime.ts'

/** Writes the template; an existing file stays unless `force`. */
export async function runInit(io: CliIo, runtime: Runtime, file: string, force: boolean): Promise<number> {
  const template = await runtime.policyTemplate()
  try {
    await writeFile(resolve(io.cwd, file), template, { flag: force ? 'w' : 'wx' })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      throw usageError(`${file} exists already. Overwrite it with --force, or name another file.`, error)
    }
    throw usageError(`cannot write ${file}: ${fileProblem(error)}. Name another file.`, error)
  }
  await io.stdout.write(`Wrote ${file}\n`)
  await io.stderr.write('Edit it, then: parapet policy check\n')
  return EXIT_OK
}
