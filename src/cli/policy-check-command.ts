/**
 * `parapet policy check`: every mistake with its place and remedy, then what is valid but unwise.
 */
import { readFile } from 'node:fs/promises'
import type { PolicyIssue } from '../spec/errors.ts'
import { EXIT_OK, EXIT_USAGE } from './exit.ts'
import { findPolicy } from './find-policy.ts'
import type { CliIo } from './io.ts'
import type { PolicyReport, Runtime } from './runtime.ts'
import { createPaint, printable, type Paint } from './terminal.ts'

/** Exit code 0 when the policy can be used, 2 when not. */
export async function runPolicyCheck(
  io: CliIo,
  runtime: Runtime,
  file: string | undefined,
  json: boolean,
): Promise<number> {
  const found = findPolicy(io, file)
  const report = await runtime.checkPolicy(found?.path ?? null)
  const name = found?.path ?? 'the built-in policy'
  const valid = report.issues.length === 0
  if (json) {
    const { issues, warnings, version, versions = [] } = report
    const facts = { file: found?.path ?? null, valid, version, issues, warnings }
    await io.stdout.write(`${JSON.stringify({ ...facts, ...(versions.length === 0 ? {} : { versions }) })}\n`)
  } else {
    const source = found === null ? '' : await readFile(found.path, 'utf8').catch(() => '')
    await io.stdout.write(render(name, report, source.split(/\r?\n/), createPaint(io.stdout.colours)))
  }
  return valid ? EXIT_OK : EXIT_USAGE
}

function render(name: string, report: PolicyReport, source: readonly string[], paint: Paint): string {
  const lines: string[] = []
  for (const issue of report.issues) lines.push(renderIssue(issue, paint('red', 'error'), source, paint))
  for (const issue of report.warnings) lines.push(renderIssue(issue, paint('yellow', 'warning'), source, paint))
  for (const { guard, version, folder } of report.versions ?? [])
    lines.push(printable(`${guard} judges with ${version}, the current version of ${folder}`))
  const count = report.issues.length
  const summary =
    count === 0
      ? `${paint('green', 'ok')} ${printable(name)}${report.version === null ? '' : ` (version ${report.version})`}`
      : `${count} mistake${count === 1 ? '' : 's'} in ${printable(name)}; the policy is not used`
  return `${[...lines, summary].join('\n')}\n`
}

function renderIssue(issue: PolicyIssue, kind: string, source: readonly string[], paint: Paint): string {
  const place = [issue.file, issue.line, issue.column].filter((part) => part !== undefined).join(':')
  const text = issue.line === undefined ? undefined : source[issue.line - 1]
  const lines = [
    `${place === '' ? '' : `${paint('bold', printable(place))} `}${kind} ${printable(issue.key)}: ${printable(issue.message)}`,
  ]
  if (text !== undefined && issue.line !== undefined && text.length <= 200) {
    const gutter = String(issue.line)
    lines.push(paint('dim', `  ${gutter} | ${printable(text)}`))
    if (issue.column !== undefined) {
      lines.push(paint('dim', `  ${' '.repeat(gutter.length)} | ${' '.repeat(issue.column - 1)}^`))
    }
  }
  if (issue.remedy !== '') lines.push(`  ${paint('dim', 'remedy:')} ${printable(issue.remedy)}`)
  return lines.join('\n')
}
