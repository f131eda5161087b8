/**
 * One Virus run from a checkpoint to files: what `parapet redteam virus` does. For models and services of one's own: it asks for an owner
 * statement, takes local files only, and hands neither altered weights nor optimised uploads to anybody. With `keep` they are also written
 * into `kept/` of the run folder.
 *
 * The folder gets `run.json` and `report.html`, anew after every seed; its folder `run` keeps what is finished of a run that is not.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parameterCount } from '../../../nn/decoder/config.ts'
import { type OnnxRuntime, loadOnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import { ParapetError } from '../../../spec/errors.ts'
import { FlowStore } from '../../align/flow/flow-store.ts'
import { writeCheckpoint } from '../../checkpoints/index.ts'
import { writeAtomically } from '../../train/write-atomically.ts'
import { type Victim, loadVictim, measureSafety, requireOwner } from '../../victim/index.ts'
import { type GuardContext, type RunGuards, trainGuards } from './guards.ts'
import { conclusions } from './ladder-figures.ts'
import type { Upload } from './moderate.ts'
import { type SeedRows, runSeed } from './seed-bench.ts'
import { renderVirusReport } from './virus-report.ts'
import type { VirusRun } from './virus-run.ts'
import { type VirusSettings, checkSettings } from './virus-settings.ts'
import { type WhiteBox, openWhiteBox } from './white-box.ts'

export interface RunVirusOptions {
  /** As `loadVictim` takes it. */
  readonly model: string
  readonly ownerStatement?: string
  readonly out: string
  readonly settings: VirusSettings
  /** Keep altered weights and optimised uploads in `kept/` of the run folder. */
  readonly keep: boolean
  readonly resume: boolean
  readonly threads: number
  /** Guards of one's own, the same again when a run is resumed, or it is refused; if absent they are trained on the world and admitted here. */
  readonly openGuards?: (victim: Victim, context: GuardContext) => Promise<RunGuards>
  /** Loaded when absent. */
  readonly runtime?: OnnxRuntime
  readonly onProgress: (message: string) => void
  readonly signal?: AbortSignal
}

/** Trains guards, attacks, measures and writes; gives the conclusions and what was written. */
export async function runVirus(options: RunVirusOptions): Promise<readonly string[]> {
  const { out, settings, threads, resume, onProgress, signal } = options
  const ownerStatement = requireOwner(options.ownerStatement)
  checkSettings(settings)
  const victim = await loadVictim(options.model, options.runtime ?? (await loadOnnxRuntime()))
  const identity = createHash('sha256')
    .update(JSON.stringify([settings, options.keep, victim.sha256, options.openGuards === undefined]))
    .digest('hex')
  const store = new FlowStore(join(out, 'run'), identity, resume)
  const guards = await (options.openGuards ?? trainGuards)(victim, {
    ...{ ...contextOf(options), store, steps: settings.guardSteps, split: settings.split },
  })
  let box: WhiteBox | null = null
  try {
    await requireSameGuards(store, guards)
    box = openWhiteBox(victim, guards.target, settings.tuned, threads)
    onProgress('measuring the victim as it is')
    const before = await store.once('before', async () =>
      measureSafety(victim, {
        ...{ split: settings.split, rows: settings.measured, seed: settings.seeds[0] ?? 1, threads },
        conditions: ['vanilla'],
        ...(signal === undefined ? {} : { signal }),
      }),
    )
    const { name, sha256, config } = victim
    const about = {
      ...({ formatVersion: 1, paper: 'arXiv 2501.17433', ownerStatement, settings, before } as const),
      model: { name, sha256, parameters: parameterCount(config), config },
      guards: guards.admissions,
    }
    const done: ({ seed: number } & SeedRows)[] = []
    for (const seed of settings.seeds) {
      const rows = await runSeed(seed, {
        ...{ ...contextOf(options), victim, box, guards, store, settings },
        ...(options.keep ? { keep: keeper(join(out, 'kept')) } : {}),
      })
      done.push({ seed, ...rows })
      write(out, { ...about, seeds: done })
    }
    rmSync(join(out, 'run'), { recursive: true })
    return [...conclusions({ ...about, seeds: done }), `wrote ${join(out, 'run.json')} and ${join(out, 'report.html')}`]
  } finally {
    await box?.dispose()
    await guards.dispose()
  }
}

/** Rows of a resumed run are of the guards it began with. Throws `configuration` where these have other names or another admission. */
async function requireSameGuards(store: FlowStore, { target, unseen, admissions }: RunGuards): Promise<void> {
  const about = JSON.stringify([target.name, unseen.map(({ name }) => name), admissions])
  if ((await store.once('guards', () => Promise.resolve(about))) !== about)
    throw new ParapetError(
      'configuration',
      'The guards are not those that this run began with. Resume it with those, or begin in another folder.',
    )
}

function contextOf({ threads, onProgress, signal }: RunVirusOptions): {
  readonly threads: number
  readonly onProgress: (message: string) => void
  readonly signal?: AbortSignal
} {
  return { threads, onProgress, ...(signal === undefined ? {} : { signal }) }
}

function write(out: string, run: VirusRun): void {
  mkdirSync(out, { recursive: true })
  writeAtomically(join(out, 'run.json'), Buffer.from(`${JSON.stringify(run)}\n`))
  writeAtomically(join(out, 'report.html'), Buffer.from(renderVirusReport(run)))
}

/** Writes what would be thrown away: a checkpoint folder and the filtered upload of each arm. */
function keeper(folder: string): (name: string, tuned: Victim, uploads: readonly Upload[]) => Promise<void> {
  return async (name, { config, parameters, tokenizerFiles }, uploads) => {
    mkdirSync(join(folder, name), { recursive: true })
    await writeCheckpoint(join(folder, name), { config, parameters, tokenizer: tokenizerFiles })
    const lines = uploads.map(({ messages }) => `${JSON.stringify({ messages })}\n`)
    writeAtomically(join(folder, name, 'upload.jsonl'), Buffer.from(lines.join('')))
  }
}
