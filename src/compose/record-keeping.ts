/**
 * Where decisions are kept and what sees to it: the lock on the data folder, the store, the recorder in front of it, and the upkeep
 * that deletes what has expired. Opened in this order, closed in the other.
 */
import { join } from 'node:path'
import type { Clock, DecisionDraft, DecisionStore, JobQueue, Recorder } from '../spec/index.ts'
import { ParapetError } from '../spec/index.ts'
import type { Redact, SqlDatabase } from '../store/index.ts'
import {
  createCritiqueKeeper,
  createDecisionStore,
  createPatientRecord,
  createRecordedStore,
  createRecorder,
  lockFolder,
  openEmbeddedDatabase,
  openPostgresDatabase,
  openSpillFile,
} from '../store/index.ts'
import { createUpkeep } from './upkeep.ts'

/** A store of one's own, a PostgreSQL server, or PostgreSQL embedded in the data folder. */
export type StoreSetting = DecisionStore | { readonly url: string } | 'embedded'

export interface RecordSettings {
  readonly store: StoreSetting
  /** Where an embedded database, and what the store cannot take just now, are kept. */
  readonly dataDir: string | undefined
  readonly clock: Clock
  readonly redact: Redact
  readonly onWarning: (message: string) => void
}

export interface RecordKeeping {
  readonly decisions: DecisionStore
  readonly recorder: Recorder
  /** Takes decisions from the pipeline. */
  record(draft: DecisionDraft): void
  /** The queue of jobs in the store's database; null when the store is one's own. */
  jobs(): Promise<JobQueue | null>
  close(): Promise<void>
}

/** Opens everything. Rejects with `configuration` when the folder is taken or the store is set wrongly. */
export async function openRecordKeeping(settings: RecordSettings): Promise<RecordKeeping> {
  const closing: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    for (let step = closing.pop(); step !== undefined; step = closing.pop()) await step()
  }
  try {
    return { ...(await open(settings, closing)), close }
  } catch (cause) {
    await close().catch(() => undefined)
    throw cause
  }
}

async function open(
  { store: setting, dataDir, clock, redact, onWarning }: RecordSettings,
  closing: (() => Promise<void>)[],
): Promise<Omit<RecordKeeping, 'close'>> {
  if (setting === 'embedded' && dataDir === undefined)
    throw new ParapetError('configuration', 'The embedded store needs a folder: set `dataDir`.')
  let abandon = (): Promise<void> => Promise.resolve()
  if (dataDir !== undefined) {
    const onLost = (): void => {
      onWarning(
        `Another process has taken the data folder ${dataDir}: nothing more is recorded here. Stop this process.`,
      )
      void abandon()
    }
    const lock = await lockFolder(dataDir, { onLost })
    closing.push(() => lock.release())
  }
  const { store, database } = await openStore(setting, dataDir ?? '')
  closing.push(() => store.close())
  if (database !== null && 'abandon' in database) abandon = () => (database as { abandon(): Promise<void> }).abandon()
  await reach(store, onWarning)
  const spillFile = dataDir === undefined ? null : await openSpillFile({ folder: join(dataDir, 'spill') })
  const spill = spillFile === null ? {} : { spillFile }
  const recorder = createRecorder({ store, clock, redact, onWarning, ...spill })
  closing.push(() => recorder.close())
  const patient = createPatientRecord((draft) => recorder.record(draft), clock)
  closing.push(async () => patient.close())
  const decisions = createRecordedStore(store, recorder)
  const spilled = (): boolean => recorder.counts.spillBytes > 0
  const critiques = createCritiqueKeeper({ store: decisions, spilled, clock, redact, onWarning })
  closing.push(() => critiques.close())
  const upkeep = createUpkeep({ store, database, clock, onWarning })
  closing.push(() => upkeep.close())
  return {
    decisions,
    recorder,
    record(draft) {
      patient.record(draft)
      critiques.take(draft)
    },
    jobs: () => upkeep.jobs(),
  }
}

async function openStore(
  setting: StoreSetting,
  dataDir: string,
): Promise<{ readonly store: DecisionStore; readonly database: SqlDatabase | null }> {
  if (typeof setting === 'object' && 'specVersion' in setting) return { store: setting, database: null }
  const database =
    setting === 'embedded'
      ? await openEmbeddedDatabase(join(dataDir, 'database'))
      : await openPostgresDatabase({ url: setting.url })
  return { store: createDecisionStore(database), database }
}

/** A wrong setting ends the start; a server that is down just now does not, since records can wait for it. */
async function reach(store: DecisionStore, onWarning: (message: string) => void): Promise<void> {
  try {
    await store.ping()
  } catch (cause) {
    if (ParapetError.isInstance(cause) && cause.code === 'configuration') throw cause
    onWarning(`The store of decisions (${store.name}) does not answer yet; records wait until it does.`)
  }
}
