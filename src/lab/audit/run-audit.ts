/**
 * An audit from a model to files: what `parapet audit` does. The folder gets `run.json`, `report.html` and the masks of the weights found;
 * its folder `run` keeps what is finished of an audit that is not. The model is read and never written: altered weights stay in memory.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parameterCount } from '../../nn/decoder/config.ts'
import type { OnnxRuntime } from '../../nn/runtime/onnx-runtime.ts'
import { ParapetError } from '../../spec/errors.ts'
import { RunStore } from '../jobs/run-store.ts'
import { writeAtomically } from '../train/write-atomically.ts'
import { type Victim, loadVictim } from '../victim/victim.ts'
import type { AuditRaw, AuditRun, MeasuredVariant, SeedFindings } from './audit-run.ts'
import { type AuditSettings, AUDIT_SETTINGS, checkAuditSettings, checkWorld } from './audit-settings.ts'
import { auditedLinears, auditedRanks, auditedWeights } from './audited-linears.ts'
import { masksOf } from './build-variant.ts'
import { type FrozenTuning, freezingCell, rewindCells } from './freezing.ts'
import { topMasks } from './masks/layer-masks.ts'
import { writeMasks } from './masks/mask-file.ts'
import type { WeightMasks } from './masks/prune.ts'
import { measureOverlap } from './overlap.ts'
import { renderAuditReport } from './report/audit-report.ts'
import { SeedContext } from './seed-context.ts'
import { auditLines } from './summary/audit-lines.ts'
import { chosenCells, summarise } from './summary/summarise.ts'
import { type SweepContext, runSweep, testVariant } from './sweep.ts'
import { type SetDifferenceVariant, type Variant, variantId } from './variants.ts'

export interface RunAuditOptions {
  /** `demo`, a Hugging Face folder or a packed chat model. */
  readonly model: string
  readonly out: string
  /** Those of `AUDIT_SETTINGS` that are absent stay. */
  readonly settings?: Partial<AuditSettings>
  /** 1 if absent; more are faster, and not equal from run to run. */
  readonly threads?: number
  readonly resume: boolean
  /** Loaded when absent. */
  readonly runtime?: OnnxRuntime
  readonly signal?: AbortSignal
  readonly onProgress?: (message: string) => void
}

const OVERLAP = { share: 0.05, rank: 8 }
/** Share of each row in the second file of masks: what the freezing test keeps at most. */
const FROZEN_SHARE = 0.7

/** Runs and writes; gives the conclusion as lines. Throws `input_invalid` for a model that already answers forbidden requests. */
export async function runAudit(options: RunAuditOptions): Promise<readonly string[]> {
  const { out, resume, threads = 1, signal, onProgress = () => {} } = options
  const settings = { ...AUDIT_SETTINGS, ...options.settings }
  checkAuditSettings(settings)
  const folder = join(out, 'run')
  if (!resume && existsSync(folder))
    throw new ParapetError('configuration', `${folder} holds an unfinished audit. Resume it, or remove it first.`)
  const victim = await loadVictim(options.model, options.runtime)
  checkWorld(settings)
  mkdirSync(folder, { recursive: true })
  const store = new RunStore(folder, fingerprint(victim, settings, threads), resume)
  const linears = auditedLinears(victim.config)
  const { examples, probeExamples } = settings
  const stop = signal === undefined ? {} : { signal }
  const contexts = settings.seeds.map(
    (seed) => new SeedContext({ victim, seed, examples, probeExamples, threads, ...stop }),
  )
  const sweep: SweepContext = {
    ...{ contexts, settings, store, threads, onProgress, ...stop },
    ...{ auditedWeights: auditedWeights(linears), auditedRanks: auditedRanks(linears) },
  }
  const selected = await runSweep(sweep)
  const model = {
    ...{
      name: victim.name,
      sha256: victim.sha256,
      parameters: parameterCount(victim.config),
      layers: victim.config.layers,
    },
    ...{ auditedWeights: sweep.auditedWeights, auditedRanks: sweep.auditedRanks },
  }
  const chosen = chosenCells({ measured: selected, model, settings })
  const raw: AuditRaw = {
    ...{ formatVersion: 1, paper: 'arXiv 2402.05162', model, settings, threads },
    measured: [...selected, ...(await testAll(sweep, chosen.setDifference, chosen.projection))],
    findings: await findingsOf(sweep, chosen.setDifference),
    freezing: await freezeAll(sweep),
  }
  const run: AuditRun = { ...raw, summary: summarise(raw) }
  writeAtomically(join(out, 'run.json'), Buffer.from(`${JSON.stringify(run)}\n`))
  writeAtomically(join(out, 'report.html'), Buffer.from(renderAuditReport(run)))
  await writeMaskFiles(out, contexts[0] as SeedContext, chosen.setDifference)
  rmSync(folder, { recursive: true })
  return [...auditLines(run), `wrote run.json, report.html, safety-critical.masks and top-safety.masks into ${out}`]
}

/** What was chosen under all conditions, the controls in the first one. */
async function testAll(
  sweep: SweepContext,
  difference: SetDifferenceVariant,
  projection: Variant,
): Promise<readonly MeasuredVariant[]> {
  const { lowestShares, heads } = sweep.settings
  const { scores, form } = difference
  const controls: readonly Variant[] = [
    { method: 'random', like: difference },
    { method: 'top', scores, form, like: difference },
    { ...difference, comparison: 'matrix' },
    ...(projection.method === 'projection' ? [{ ...projection, keep: 0 }] : []),
    ...lowestShares.flatMap((share): readonly Variant[] => [
      { method: 'lowest', share },
      { method: 'random-share', share },
    ]),
    ...heads.map((count): Variant => ({ method: 'heads', count })),
  ]
  // A cell that was chosen may be what a control would be; measured twice, its rows would count twice.
  const known = new Map([...controls, difference, projection].map((variant) => [variantId(variant), variant]))
  const others = [...known.values()].filter((variant) => variant !== difference && variant !== projection)
  const measured: MeasuredVariant[] = []
  for (const context of sweep.contexts) {
    for (const variant of [{ method: 'none' } as const, difference, projection])
      measured.push(await testVariant(sweep, context, variant, ['vanilla', 'sampled', 'suffix', 'unwrapped']))
    for (const variant of others) measured.push(await testVariant(sweep, context, variant, ['vanilla']))
  }
  return measured
}

async function findingsOf(sweep: SweepContext, difference: SetDifferenceVariant): Promise<readonly SeedFindings[]> {
  const { contexts, store, threads, signal, onProgress } = sweep
  const findings: SeedFindings[] = []
  for (const context of contexts)
    findings.push(
      await store.once(`${context.seed}/findings`, async () => {
        signal?.throwIfAborted()
        onProgress(`seed ${context.seed}: overlap and probes`)
        const { victim, seed } = context
        const scores = { safety: await context.safety('snip', 'full'), utility: await context.utility('snip') }
        const masks = await masksOf(context, difference)
        return {
          seed,
          overlap: await measureOverlap(victim, context.data('full'), scores, OVERLAP, {
            threads,
            ...(signal === undefined ? {} : { signal }),
          }),
          probes: await context.probes(),
          critical: auditedLinears(victim.config).map(({ parameter, layer, module, rows, columns }) => ({
            ...{ layer, module, weights: rows * columns, chosen: masks.get(parameter)?.count() ?? 0 },
          })),
        }
      }),
    )
  return findings
}

async function freezeAll(sweep: SweepContext): Promise<readonly FrozenTuning[]> {
  const { contexts, store, settings, threads, signal, onProgress } = sweep
  const options = {
    settings: settings.freezing,
    rows: settings.testRows,
    threads,
    ...(signal === undefined ? {} : { signal }),
  }
  const tunings: FrozenTuning[] = []
  for (const context of contexts)
    for (const examples of settings.freezing.examples) {
      for (const share of settings.freezing.shares)
        tunings.push(
          await store.once(`${context.seed}/freeze-${share}-${examples}`, () => {
            signal?.throwIfAborted()
            onProgress(`seed ${context.seed}: ${Math.round(100 * share)} % frozen, ${examples} examples`)
            return freezingCell(context, { share, examples }, options)
          }),
        )
      const shares = settings.freezing.shares.filter((share) => share > 0)
      const rewound = (): Promise<readonly FrozenTuning[]> => rewindCells(context, { shares, examples }, options)
      tunings.push(...(await store.once(`${context.seed}/rewind-${examples}`, rewound)))
    }
  return tunings
}

/** The weights found by the first seed: S(p, q), and the top of each row by safety. Both can be frozen in a tuning. */
async function writeMaskFiles(out: string, context: SeedContext, difference: SetDifferenceVariant): Promise<void> {
  const { victim } = context
  const write = (name: string, about: string, masks: WeightMasks): void =>
    writeAtomically(join(out, name), writeMasks({ model: victim.sha256, about, masks }))
  const { p, q, scores, form } = difference
  write(
    'safety-critical.masks',
    `set difference, ${scores} ${form}, p ${p}, q ${q}`,
    await masksOf(context, difference),
  )
  const top = topMasks(victim.config, await context.safety('snip', 'full'), FROZEN_SHARE)
  write('top-safety.masks', `top ${FROZEN_SHARE} of each row by safety, snip full`, top)
}

/** Names the audit: equal names, equal results. */
function fingerprint({ sha256 }: Victim, settings: AuditSettings, threads: number): string {
  return createHash('sha256')
    .update(JSON.stringify([sha256, settings, threads]))
    .digest('hex')
}
