/**
 * `parapet doctor`: examines what Parapet needs and says what to repair. Changes nothing but a probe file that it removes.
 */
import { EXIT_NEGATIVE, EXIT_OK } from './exit.ts'
import type { CliIo } from './io.ts'
import {
  checkData,
  checkDeepTier,
  checkFiles,
  checkNode,
  checkPeers,
  checkPolicy,
  checkPort,
  checkUpstreams,
  checkVault,
  checkVersions,
  type Finding,
} from './doctor-checks.ts'
import { checkDeployment } from './doctor-deployment.ts'
import type { Runtime } from './runtime.ts'
import { createPaint, printable, type Paint } from './terminal.ts'

/** Exit code 0 when nothing is broken, 1 when something is. */
export async function runDoctor(
  io: CliIo,
  runtime: Runtime,
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const text = (name: string): string | undefined => {
    const value = options[name]
    return typeof value === 'string' ? value : undefined
  }
  const policy = await checkPolicy(io, runtime, text('policy'))
  const findings: readonly Finding[] = [
    checkNode(),
    ...(await checkFiles(runtime)),
    await checkDeepTier(runtime),
    policy.finding,
    ...checkVersions(policy.report),
    ...checkVault(io, policy.report),
    ...(await checkPort(io, typeof options['port'] === 'number' ? options['port'] : undefined)),
    await checkData(io, text('dataDir') ?? '.parapet'),
    ...(await checkDeployment(io, runtime, {
      ...{
        dataDir: text('dataDir') ?? '.parapet',
        store: text('store'),
        policyVersion: policy.report?.version ?? null,
      },
    })),
    ...(await checkUpstreams(io, options['upstream'])),
    ...(await checkPeers(runtime)),
  ]
  const ok = findings.every((finding) => finding.status !== 'broken')
  if (options['json'] === true) await io.stdout.write(`${JSON.stringify({ ok, findings })}\n`)
  else await io.stdout.write(render(findings, ok, createPaint(io.stdout.colours)))
  return ok ? EXIT_OK : EXIT_NEGATIVE
}

function render(findings: readonly Finding[], ok: boolean, paint: Paint): string {
  const marks = {
    ok: paint('green', 'ok    '),
    note: paint('yellow', 'note  '),
    broken: paint('red', 'broken'),
  } as const
  const width = Math.max(...findings.map((finding) => finding.name.length))
  const lines = findings.flatMap(({ name, status, message, remedy }) => [
    `${marks[status]} ${name.padEnd(width)}  ${printable(message)}`,
    ...(remedy === undefined ? [] : [`       ${' '.repeat(width)}  ${paint('dim', printable(remedy))}`]),
  ])
  return `${[...lines, ok ? 'Nothing is broken.' : 'Something is broken; see above.'].join('\n')}\n`
}
