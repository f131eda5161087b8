/** `parapet audit`: the brittleness audit of a model that is the caller's own; Ctrl-C stops where it can go on. */
import { resolve } from 'node:path'
import { runAudit } from '../lab/audit/run-audit.ts'
import { requireLocal } from '../lab/victim/owner-statement.ts'
import type { CliIo } from './io.ts'
import { runLabJob } from './lab-run.ts'

/** Exit code 0; 130 or 143 when stopped. */
export async function runAuditCommand(io: CliIo, options: Readonly<Record<string, unknown>>): Promise<number> {
  const number = (name: string): number => Number(options[name])
  const model = String(options['model'])
  const job = {
    quiet: options['quiet'] === true,
    whenStopped: 'stopped. The same command with --resume goes on.',
  }
  return runLabJob(io, job, (context) => {
    requireLocal(model)
    return runAudit({
      model: model === 'demo' ? model : resolve(io.cwd, model),
      out: resolve(io.cwd, String(options['out'])),
      settings: {
        seeds: Array.from({ length: number('seeds') }, (_, at) => at + 1),
        ...{ examples: number('examples'), selectionRows: number('selectionRows'), testRows: number('rows') },
      },
      ...{ threads: number('threads'), resume: options['resume'] === true, ...context },
    })
  })
}
