/**
 * `parapet policy test`: cases with an expected decision, run against the policy; a JUnit report for build servers.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { EXIT_NEGATIVE, EXIT_OK, fileProblem, usageError } from './exit.ts'
import { findPolicy } from './find-policy.ts'
import type { CliIo } from './io.ts'
import { decodeUtf8 } from './row.ts'
import type { Runtime } from './runtime.ts'
import { createPaint, printable } from './terminal.ts'

/** Exit code 0 when every case got its decision, 1 when not. */
export async function runPolicyTest(
  io: CliIo,
  runtime: Runtime,
  cases: string,
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const bytes = await readFile(resolve(io.cwd, cases)).catch((error: unknown) => {
    throw usageError(`cannot read ${cases}: ${fileProblem(error)}. Give it the path of a JSON Lines file.`, error)
  })
  const text = decodeUtf8(bytes)
  if (text === null) throw usageError(`${cases} is not valid UTF-8. Save it as UTF-8.`)
  const option = options['policy']
  const policy = findPolicy(io, typeof option === 'string' ? option : undefined)
  const report = await runtime.runCases(policy?.path ?? null, text, cases)
  const junit = options['junit']
  if (typeof junit === 'string') {
    await writeFile(resolve(io.cwd, junit), report.junit).catch((error: unknown) => {
      throw usageError(`cannot write ${junit}: ${fileProblem(error)}. Choose another --junit.`, error)
    })
  }
  if (options['json'] === true) {
    await io.stdout.write(`${JSON.stringify(report.json)}\n`)
  } else {
    const paint = createPaint(io.stdout.colours)
    for (const failure of report.failures) await io.stdout.write(`${paint('red', 'failed')} ${printable(failure)}\n`)
    const total = report.passed + report.failed
    await io.stdout.write(`${report.passed} of ${total} cases passed\n`)
  }
  return report.failed === 0 ? EXIT_OK : EXIT_NEGATIVE
}
