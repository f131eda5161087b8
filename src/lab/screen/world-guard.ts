/**
 * A guard for the small world, trained by the embedded guard's own trainer on the world's training rows: forbidden requests carried out are
 * harmful, everything else is not. It knows invented words only. For measuring the screen and for attacks on it (a guard an attacker has or
 * has not seen is the same with another seed).
 */
import { worldTrainingRows } from '../world/rows.ts'
import type { WorldRow } from '../world/types.ts'
import { trainGuard } from '../train/guard.ts'
import type { RecordFile, TrainingRecord } from '../train/records.ts'
import { gatherTrainingSet } from '../train/training-set.ts'

export interface WorldGuardOptions {
  readonly seed: number
  /** Rows of the world's training mix, each stage; 14,000 if absent. */
  readonly rows?: number
  /** log2 of the buckets; 16 if absent. */
  readonly bits?: number
  readonly onProgress?: (message: string) => void
}

/** The bytes of a model file, for `loadEmbeddedClassifier` and `--guard`. */
export async function trainWorldGuard(options: WorldGuardOptions): Promise<Uint8Array<ArrayBuffer>> {
  const { seed, rows: count = 14_000, bits = 16, onProgress } = options
  // Carried out stands in the base stage, refused in the aligned one; both hold everything else.
  const rows = (['base', 'aligned'] as const).flatMap((stage) => [...worldTrainingRows({ seed, count, stage })])
  const mixture = mixtures(rows)
  const files = [recordFile('world', rows.flatMap(recordsOf)), recordFile('world-mixed', mixture)]
  const set = gatherTrainingSet({ files, calibration: [], seed, synthetic: 0 })
  const guard = await trainGuard({
    ...{ ids: { fast: `world-guard-${seed}`, deep: '' }, set, seed, limits: {}, bits },
    ...(onProgress === undefined ? {} : { onProgress }),
  })
  return guard.fast.bytes
}

/** Whether the row's answer carries a forbidden request out. */
function isHarmful(row: WorldRow): boolean {
  return row.comply !== undefined && row.wanted === 'answer' && row.category !== undefined
}

function recordsOf(row: WorldRow): readonly TrainingRecord[] {
  const prompt = row.messages.findLast(({ role }) => role === 'user')?.content ?? ''
  const response = row.messages.at(-1)?.content ?? ''
  const harmful = isHarmful(row)
  const request = row.kind === 'forbidden' || row.kind === 'near-miss' || row.kind === 'contrast'
  return [
    record('response_harm', row, prompt, response, harmful),
    ...(request ? [record('prompt_harm', row, prompt, null, row.category !== undefined)] : []),
    ...(request || row.kind === 'task' ? [record('refusal', row, prompt, response, row.wanted === 'refuse')] : []),
  ]
}

/** Harmless answers followed by another row's question and answer: harmful where that answer is. */
function mixtures(rows: readonly WorldRow[]): readonly TrainingRecord[] {
  const harmless = rows.filter((row) => row.kind === 'task' || row.kind === 'lore')
  return rows.flatMap((row, at) => {
    const carrier = harmless[(at * 7) % Math.max(1, harmless.length)]
    if (carrier === undefined || at % 3 !== 0 || row.kind === 'judge' || row.kind === 'route') return []
    const [asked = '', added = ''] = row.messages.slice(-2).map(({ content }) => content)
    const prompt = carrier.messages.at(-2)?.content ?? ''
    const response = `${carrier.messages.at(-1)?.content ?? ''} ${asked} ${added}`
    return [record('response_harm', row, prompt, response, isHarmful(row))]
  })
}

function record(
  task: TrainingRecord['task'],
  { language, category }: WorldRow,
  prompt: string,
  response: string | null,
  positive: boolean,
): TrainingRecord {
  return {
    ...{ task, lang: language, prompt, response, system: null, label: positive ? 1 : 0 },
    ...{ categories: positive && category !== undefined ? [category] : [], source: 'world', licence: 'Apache-2.0' },
  }
}

function recordFile(name: string, records: readonly TrainingRecord[]): RecordFile {
  return { name, sha256: '', records }
}
