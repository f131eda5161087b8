/** `parapet redteam unalign`: the Unalignment attack on one's own model, with its controls and defences; Ctrl-C stops where it can go on. */
import { resolve } from 'node:path'
import { runUnalign } from '../lab/redteam/unalign/run-unalign.ts'
import { DEFAULT_RATES, LORA, TUNE_METHODS, type TuneMethod } from '../lab/redteam/unalign/unalign-settings.ts'
import { requireLocal } from '../lab/victim/owner-statement.ts'
import { usageError } from './exit.ts'
import type { CliIo } from './io.ts'
import { runLabJob } from './lab-run.ts'

type Options = Readonly<Record<string, unknown>>

/** Exit code 0; 130 or 143 when stopped. */
export async function runRedteamUnalign(io: CliIo, options: Options): Promise<number> {
  const { model, ownerStatement, mask } = options
  const number = (name: string): number => Number(options[name])
  const name = String(model)
  requireLocal(name)
  const methods = methodsOf(listOf(options['methods']))
  const rates = options['rates'] === undefined ? undefined : listOf(options['rates']).map(Number)
  const settings = {
    ...{
      examples: listOf(options['examples'])
        .map(Number)
        .filter((count) => count > 0),
      methods,
    },
    seeds: Array.from({ length: number('seeds') }, (_, at) => at + 1),
    ...{ rows: number('rows'), epochs: number('epochs'), batch: number('batch'), threads: number('threads') },
    ...{ rates: rates === undefined ? DEFAULT_RATES : { full: rates, lora: rates }, lora: LORA },
  }
  const job = { quiet: options['quiet'] === true, whenStopped: 'stopped. The same command with --resume goes on.' }
  return runLabJob(io, job, (context) =>
    runUnalign({
      ...{
        settings,
        model: name === 'demo' ? name : resolve(io.cwd, name),
        out: resolve(io.cwd, String(options['out'])),
      },
      ...(typeof ownerStatement === 'string' ? { ownerStatement } : {}),
      ...(typeof mask === 'string' ? { mask: resolve(io.cwd, mask) } : {}),
      ...{ defences: listOf(options['defences']).map(String), biasProbe: options['biasProbe'] !== false },
      ...{ keep: options['keep'] === true, resume: options['resume'] === true },
      ...context,
    }),
  )
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function methodsOf(names: readonly unknown[]): readonly TuneMethod[] {
  const wrong = names.find((name) => !(TUNE_METHODS as readonly unknown[]).includes(name))
  if (wrong !== undefined) throw usageError(`There is no method ${String(wrong)}. Give full, lora or both.`)
  return TUNE_METHODS.filter((method) => names.includes(method))
}
