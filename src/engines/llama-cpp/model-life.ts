/**
 * When a model is in memory: from the first question until it is disposed of, or until nobody can ask it any more. Loading itself is
 * `loaded-model.ts`.
 */
import { ParapetError } from '../../spec/index.ts'
import { wallClock } from '../calls/wall-clock.ts'
import type { LoadedModel } from './loaded-model.ts'
import { loadModel } from './loaded-model.ts'
import type { LlamaCppSettings } from './options.ts'
import { SequenceLine } from './sequence-line.ts'

export interface RunningModel {
  readonly loaded: LoadedModel
  readonly line: SequenceLine
}

export interface ModelLife {
  /** Fires when the model goes. */
  readonly ended: AbortSignal
  /** The model, loaded once; what failed is tried again. Rejects with `engine_unavailable` after its end. */
  start(): Promise<RunningModel>
  /** Frees the model once it is loaded. May be repeated. */
  end(): Promise<void>
}

/** Native memory that an engine leaves behind when it is dropped without `dispose`. No `end` may hold its own life. */
const dropped = new FinalizationRegistry<() => Promise<void>>((end) => void end().catch(() => undefined))

export function createModelLife(settings: LlamaCppSettings): ModelLife {
  const disposal = new AbortController()
  const ended = disposal.signal
  let running: Promise<RunningModel> | undefined
  const end = async (): Promise<void> => {
    disposal.abort()
    const last = await running?.catch(() => undefined)
    await last?.loaded.dispose()
  }
  const life: ModelLife = {
    ended,
    async start() {
      if (ended.aborted) throw disposed()
      const mine = (running ??= load(settings))
      try {
        return await mine
      } catch (cause) {
        if (running === mine) running = undefined
        throw cause
      }
    },
    end,
  }
  dropped.register(life, end)
  return life
}

export function disposed(): ParapetError {
  return new ParapetError('engine_unavailable', 'This engine was disposed. Make a new one.')
}

async function load(settings: LlamaCppSettings): Promise<RunningModel> {
  const loaded = await loadModel(settings)
  return { loaded, line: new SequenceLine(loaded.sequences, settings.queue, wallClock) }
}
