/**
 * The guards of a run: the one the service filters by and the attacker sees, and two that the attacker does not. All are trained here on the
 * world, admitted by the same rows, and the decoder guards are kept on disk until the run is done.
 */
import type { FlowStore } from '../../align/flow/flow-store.ts'
import { type Victim, withParameters } from '../../victim/index.ts'
import { type GuardAdmission, admitGuard } from './guard-gate.ts'
import { guardQuestions } from './judged-conversations.ts'
import type { ModerationGuard } from './moderation-guard.ts'
import { trainVerdictGuard } from './train-verdict-guard.ts'
import { VerdictGuard } from './verdict-guard.ts'
import { trainWorldGuard } from './world-guard.ts'

export interface RunGuards {
  /** Filters, and is optimised against. */
  readonly target: VerdictGuard
  /** Of another kind, and of the same kind from another seed. */
  readonly unseen: readonly ModerationGuard[]
  readonly admissions: readonly GuardAdmission[]
  dispose(): Promise<void>
}

export interface GuardContext {
  readonly store: FlowStore
  readonly steps: number
  /** Whose rows admit the guards: settings that are chosen on one split must not have seen the other. */
  readonly split: 'selection' | 'test'
  readonly threads: number
  readonly signal?: AbortSignal
  readonly onProgress: (message: string) => void
}

/** Of each side, for the admission. */
const QUESTIONS = 200
const RATE = 1e-3
/** Sequences that go through a guard together. */
const BATCH = 16
const WORLD_GUARD = { seed: 7, count: 8000, bits: 16 }
const SEEDS = { target: 101, sibling: 202 }

/** Throws `configuration` when one of them is too weak to be worth an attack. */
export async function trainGuards(model: Victim, context: GuardContext): Promise<RunGuards> {
  const { threads, onProgress } = context
  const questions = guardQuestions(context.split, 1, QUESTIONS)
  const admissions: GuardAdmission[] = []
  const made: VerdictGuard[] = []
  const admitted = async <Guard extends ModerationGuard>(guard: Guard): Promise<Guard> => {
    admissions.push(await admitGuard(guard, questions))
    return guard
  }
  const decoder = async (name: keyof typeof SEEDS): Promise<VerdictGuard> => {
    const guard = new VerdictGuard(`decoder guard, ${name}`, await verdictModel(model, name, context), BATCH, threads)
    made.push(guard)
    return admitted(guard)
  }
  const dispose = async (): Promise<void> => {
    for (const guard of made) await guard.dispose()
  }
  try {
    const target = await decoder('target')
    onProgress('world guard: the embedded guard’s trainer')
    const world = await admitted(trainWorldGuard('world guard', WORLD_GUARD))
    return { target, unseen: [world, await decoder('sibling')], admissions, dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}

/** Trained, or read where an earlier part of this run trained it. */
async function verdictModel(
  model: Victim,
  name: keyof typeof SEEDS,
  { store, steps, threads, signal, onProgress }: GuardContext,
): Promise<Victim> {
  const kept = `guard-${name}`
  if (store.hasWeights(kept)) return withParameters(model, name, await store.weights(kept))
  const checkpoint = store.checkpoint(kept)
  const guard = await trainVerdictGuard(
    model,
    { seed: SEEDS[name], steps, rate: RATE },
    {
      ...{ threads, checkpoint },
      ...(signal === undefined ? {} : { signal }),
      onProgress: (message) => onProgress(`${name} ${message}`),
    },
  )
  const { config, tokenizer, tokenizerFiles: files } = guard
  await store.keepWeights(kept, { config, tokenizer, files }, guard.parameters)
  store.forget(checkpoint)
  return guard
}
