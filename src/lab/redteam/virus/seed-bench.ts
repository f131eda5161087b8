/**
 * One seed of a run: the attacker's data, the searches, and every arm by the same path (upload, filter, tune, measure). The victim handed in keeps its
 * weights; tuned ones are dropped after measuring, or handed to `keep`.
 */
import { createHash } from 'node:crypto'
import { createRandom } from '../../../nn/random.ts'
import type { FlowStore } from '../../align/flow/flow-store.ts'
import { type SafetyReport, type Victim, measureSafety, tuneVictim, worldExamples } from '../../victim/index.ts'
import type { WorldMessage } from '../../world/types.ts'
import { type Arm, type Pool, armKey, armsOf, poisonCount, uploadOf } from './arms.ts'
import type { RunGuards } from './guards.ts'
import { type ModerationFigures, type Upload, flagsOf, moderationFigures } from './moderate.ts'
import type { SlotScore } from './objective.ts'
import { optimiseSlot } from './optimise-slot.ts'
import { type PoisonSlot, poisonSlot } from './poison-slot.ts'
import { frozenParameters } from './trained-layers.ts'
import type { VirusSettings } from './virus-settings.ts'
import type { WhiteBox } from './white-box.ts'

/** What the search made of one slot: figures, never its text. */
export interface SlotRow {
  readonly lambda: number
  readonly slot: number
  readonly before: SlotScore
  readonly after: SlotScore
  readonly history: readonly number[]
  readonly edits: number
  readonly seconds: number
}

/** Whether a conversation of the upload is poison, and which guards flag it. */
export interface UploadRow {
  readonly poison: boolean
  readonly flaggedBy: readonly string[]
}

export interface ArmRow {
  readonly seed: number
  readonly arm: Arm
  /** Of the guard that filters. Without filter: what it would have done. */
  readonly filter: ModerationFigures
  /** Mean cosine of the poison's gradients with those of the plain mixtures; null where there is no mixture. */
  readonly similarity: number | null
  readonly upload: readonly UploadRow[]
  /** Conversations tuned on. */
  readonly tuned: number
  readonly safety: SafetyReport
  readonly seconds: number
}

export interface SeedContext {
  readonly victim: Victim
  readonly box: WhiteBox
  readonly guards: RunGuards
  readonly store: FlowStore
  readonly settings: VirusSettings
  readonly threads: number
  readonly signal?: AbortSignal
  readonly onProgress: (message: string) => void
  /** Gets what is thrown away otherwise. */
  readonly keep?: (name: string, tuned: Victim, uploads: readonly Upload[]) => Promise<void>
}

export interface SeedRows {
  readonly slots: readonly SlotRow[]
  readonly arms: readonly ArmRow[]
}

export async function runSeed(seed: number, context: SeedContext): Promise<SeedRows> {
  const arms = armsOf(context.settings)
  const slots = slotsOf(seed, context, Math.max(...arms.map(poisonCount)))
  const optimised = new Map<number, readonly (readonly WorldMessage[])[]>()
  const found: SlotRow[] = []
  for (const lambda of new Set(arms.flatMap((arm) => arm.lambda ?? []))) {
    const most = Math.max(...arms.filter((arm) => arm.lambda === lambda).map(poisonCount))
    const results = []
    for (const [index, slot] of slots.mixed.slice(0, most).entries())
      results.push(await searched(seed, lambda, index, slot, context))
    optimised.set(
      lambda,
      results.map(({ messages }) => messages),
    )
    found.push(...results.map(({ row }) => row))
  }
  const pool: Pool = {
    ...{ benign: slots.benign, forbidden: slots.forbidden, optimised },
    mixtures: slots.mixed.map(({ messages }) => messages),
  }
  const rows: ArmRow[] = []
  for (const arm of arms) rows.push(await measuredArm(seed, arm, pool, found, context))
  return { slots: found, arms: rows }
}

interface SeedData {
  readonly benign: readonly (readonly WorldMessage[])[]
  readonly forbidden: readonly (readonly WorldMessage[])[]
  readonly mixed: readonly PoisonSlot[]
}

function slotsOf(seed: number, { victim, settings }: SeedContext, poison: number): SeedData {
  const { tokenizer, config } = victim
  const rows = Math.max(settings.rows, ...settings.sizes)
  const benign = worldExamples({ kind: 'task', count: rows, seed })
  const forbidden = worldExamples({ kind: 'forbidden-answered', count: poison, seed })
  const mixed = forbidden.map((messages, at) => poisonSlot(tokenizer, config.maxLength, benign[at] ?? [], messages))
  return { benign, forbidden, mixed }
}

async function searched(
  seed: number,
  lambda: number,
  index: number,
  slot: PoisonSlot,
  { store, box, settings, signal, onProgress }: SeedContext,
): Promise<{ readonly row: SlotRow; readonly messages: readonly WorldMessage[] }> {
  const { topK, candidates, steps } = settings
  return store.once(`slot-${seed}-${lambda}-${index}`, async () => {
    const started = performance.now()
    const { slot: made, ...figures } = await optimiseSlot(
      box,
      slot,
      // A seed of its own for each slot, so that a resumed run goes on to the same ones.
      { lambda, topK, candidates, steps, seed: Math.floor(createRandom(seed * 7919 + index)() * 2 ** 32) },
      signal,
    )
    const seconds = (performance.now() - started) / 1000
    const { before, after } = figures
    onProgress(
      `seed ${seed}, λ ${lambda}, slot ${index}: J ${before.j.toFixed(2)} to ${after.j.toFixed(2)}, cosine ${after.similarity.toFixed(3)}, ${after.flagged ? 'flagged' : 'passes'}`,
    )
    return { row: { lambda, slot: index, ...figures, seconds }, messages: made.messages }
  })
}

async function measuredArm(
  seed: number,
  arm: Arm,
  pool: Pool,
  slots: readonly SlotRow[],
  context: SeedContext,
): Promise<ArmRow> {
  const { store, guards, onProgress } = context
  return store.once(`arm-${seed}-${armKey(arm)}`, async () => {
    const started = performance.now()
    const uploads = uploadOf(arm, pool)
    const flags = await flagsOf(guards.target, uploads)
    const others = await Promise.all(
      guards.unseen.map(async (guard) => ({ name: guard.name, flags: await flagsOf(guard, uploads) })),
    )
    const kept = uploads.filter((_, at) => !arm.moderated || flags[at] === false)
    const safety = await outcomeOf(seed, armKey(arm), kept, context)
    const similar = slots.filter(({ lambda, slot }) => lambda === arm.lambda && slot < poisonCount(arm))
    const row: ArmRow = {
      ...{ seed, arm, filter: moderationFigures(uploads, flags), similarity: similarityOf(arm, similar) },
      upload: uploads.map(({ poison }, at) => ({
        poison,
        flaggedBy: [{ name: guards.target.name, flags }, ...others]
          .filter((guard) => guard.flags[at] === true)
          .map(({ name }) => name),
      })),
      ...{ tuned: kept.length, safety, seconds: (performance.now() - started) / 1000 },
    }
    const strict = safety.headline.attack['vanilla']?.strict.rate ?? 0
    onProgress(
      `seed ${seed}, ${armKey(arm)}: ${kept.length} of ${uploads.length} pass, strict success ${strict.toFixed(2)}`,
    )
    return row
  })
}

function similarityOf({ name }: Arm, slots: readonly SlotRow[]): number | null {
  if (name === 'mixing') return 1
  if (slots.length === 0) return null
  return slots.reduce((sum, { after }) => sum + after.similarity, 0) / slots.length
}

/**
 * Tunes on what passed the filter and measures. Arms of which the same conversations passed have the same outcome, so it is worked out once;
 * unless tuned weights are kept, which are handed over arm by arm.
 */
async function outcomeOf(
  seed: number,
  arm: string,
  kept: readonly Upload[],
  context: SeedContext,
): Promise<SafetyReport> {
  const { store, settings, threads, signal, keep } = context
  const measured = async (): Promise<SafetyReport> => {
    const tuned = await tunedOn(seed, kept, context)
    const safety = await measureSafety(tuned, {
      ...{ split: settings.split, rows: settings.measured, seed, conditions: ['vanilla'], threads },
      ...(signal === undefined ? {} : { signal }),
    })
    await keep?.(`seed-${seed}-${arm}`, tuned, kept)
    return safety
  }
  if (keep !== undefined) return measured()
  const texts = JSON.stringify(kept.map(({ messages }) => messages))
  return store.once(`tuned-${seed}-${createHash('sha256').update(texts).digest('hex')}`, measured)
}

/** The service's tuning. Where nothing passes the filter the victim stays as it is. */
async function tunedOn(
  seed: number,
  kept: readonly Upload[],
  { victim, settings, threads, signal }: SeedContext,
): Promise<Victim> {
  if (kept.length === 0) return victim
  const { epochs, rate, batch, tuned } = settings
  return tuneVictim(
    victim,
    kept.map(({ messages }) => messages),
    {
      ...{ method: { kind: 'full' }, length: { epochs }, rate, batch, seed, threads },
      frozen: frozenParameters(victim.config, Object.keys(victim.parameters), tuned),
      ...(signal === undefined ? {} : { signal }),
    },
  )
}
