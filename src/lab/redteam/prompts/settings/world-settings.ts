/** The guard settings of a chat model of the small world: none, the world guard, the cascade, PrimeGuard, each over the same model. */
import { createHash } from 'node:crypto'
import { createPrimeGuard, steerEngine } from '../../../../routing/primeguard/index.ts'
import { ParapetError } from '../../../../spec/index.ts'
import { WORLD_GUIDELINES } from '../../../eval/safe-eval/world-arms.ts'
import { engineTarget } from '../targets/engine-target.ts'
import type { LocalModel } from '../targets/local-model.ts'
import { type GuardSetting, guarded, unguarded } from './guard-setting.ts'
import { chooseBand, worldCascade } from './world-cascade.ts'
import { trainWorldGuard, worldPromptGuard } from './world-guard.ts'

export const WORLD_SETTINGS = ['none', 'world-guard', 'cascade', 'primeguard'] as const
export type WorldSetting = (typeof WORLD_SETTINGS)[number]

/** Milliseconds for PrimeGuard's first call. Many wait in one line here: how long is no matter of the method. */
const DEADLINE = 600_000

export interface WorldSettingsOptions {
  readonly model: LocalModel
  readonly names: readonly string[]
  readonly seed: number
  readonly guardRows?: number
  readonly onProgress?: (message: string) => void
}

/** In the order of the names. Throws `configuration` for a name that is none. */
export async function worldSettings(options: WorldSettingsOptions): Promise<readonly GuardSetting[]> {
  const { model, names, seed, guardRows, onProgress = (): void => undefined } = options
  const { engine, fits } = model
  const plain = engineTarget({ engine, fits })
  for (const name of names)
    if (!(WORLD_SETTINGS as readonly string[]).includes(name))
      throw new ParapetError(
        'configuration',
        `There is no guard setting "${name}". There are ${WORLD_SETTINGS.join(', ')}.`,
      )
  if (!names.some((name) => name === 'world-guard' || name === 'cascade'))
    return names.map((name) => (name === 'primeguard' ? routed(model) : unguarded(plain)))
  onProgress('training the world guard')
  const classifier = trainWorldGuard({ seed, ...(guardRows === undefined ? {} : { rows: guardRows }) })
  const settings: GuardSetting[] = []
  for (const name of names) {
    if (name === 'none') settings.push(unguarded(plain))
    if (name === 'primeguard') settings.push(routed(model))
    if (name === 'world-guard') settings.push(guarded(plain, worldPromptGuard(classifier), classifier.version))
    if (name === 'cascade') {
      onProgress('choosing the band of the cascade on the selection split')
      const band = await chooseBand(classifier, engine, { seed })
      const guard = worldCascade({ classifier, judge: engine, band })
      const version = createHash('sha256').update(`${classifier.version} ${band.from} ${band.to}`).digest('hex')
      settings.push(guarded(plain, guard, version))
    }
  }
  return settings
}

function routed({ engine, fits }: LocalModel): GuardSetting {
  const router = createPrimeGuard({ guidelines: WORLD_GUIDELINES, style: 'compact', deadline: DEADLINE })
  const target = engineTarget({ engine: steerEngine(engine, router), fits })
  return { name: 'primeguard', target, version: 'primeguard/compact/world' }
}
