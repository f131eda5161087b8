/** Whether the deep tier runs here, for who wants to know before a request does. */
import { fileURLToPath } from 'node:url'
import { stat } from 'node:fs/promises'
import { ParapetError } from '../../spec/index.ts'
import { loadDeepTier, MODEL_FILES } from './index.ts'

/** What became of running it once. */
export interface DeepTierReport {
  /** Of the model file; null when it is not there. */
  readonly bytes: number | null
  /** What runs it; null when nothing does. */
  readonly runtime: 'node' | 'web' | null
  /** For one text of 60 tokens. */
  readonly milliseconds: number | null
  /** Why it is broken although it is there, or null. */
  readonly problem: string | null
}

const TOKENS = 60

/** Runs the shipped deep tier, or the one at `path`, once. */
export async function examineDeepTier(path: string = fileURLToPath(MODEL_FILES.deep)): Promise<DeepTierReport> {
  const bytes = (await stat(path).catch(() => null))?.size ?? null
  try {
    const tier = await loadDeepTier({ deepPath: path })
    const runtime = (await tier?.open()) ?? null
    const milliseconds = (await tier?.milliseconds(TOKENS)) ?? null
    return { bytes, runtime, milliseconds, problem: null }
  } catch (error) {
    if (!ParapetError.isInstance(error)) throw error
    return { bytes, runtime: null, milliseconds: null, problem: error.message }
  }
}
