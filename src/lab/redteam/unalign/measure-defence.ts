/**
 * One defence of one seed: the attacker's examples and as many benign ones go through it, and both models are measured. What it costs is
 * told by the benign one, and by the time it takes beyond ordinary tuning.
 */
import { frozenBytes } from '../../audit/masks/mask-file.ts'
import { topMasks } from '../../audit/masks/layer-masks.ts'
import { encodeExamples } from '../../audit/attribution-data.ts'
import { measureSnip } from '../../audit/scores/measure-snip.ts'
import type { FrozenWeights } from '../../victim/frozen-weights.ts'
import type { Victim } from '../../victim/victim.ts'
import { measureModel } from './attack-arm.ts'
import { type Defence, type DefenceContext, throughDefence } from './defences/index.ts'
import { refusals } from './defences/safety-data.ts'
import type { DefenceResult } from './unalign-run.ts'
import { type UnalignSettings, armExamples, armTuning } from './unalign-settings.ts'

/** Updates of stages that harden, and the conversations they have. */
const HARDENING = { steps: 60, rows: 400 } as const
/** Share of each row that is frozen where no audit's mask is given, by SNIP scores on so many refusals. */
const FROZEN_SHARE = 0.5
const SCORED_REFUSALS = 64

export interface DefencePlan {
  readonly defence: Defence
  readonly seed: number
  /** Of the attack. */
  readonly rate: number
  readonly mask?: FrozenWeights
  readonly signal?: AbortSignal
}

export async function runDefence(
  victim: Victim,
  settings: UnalignSettings,
  plan: DefencePlan,
): Promise<{ readonly result: DefenceResult; readonly attacked: Victim }> {
  const { defence, seed, rate, signal } = plan
  const { id, title, source } = defence
  const tuning = armTuning(settings, 'full', rate, seed)
  const context: DefenceContext = {
    ...{ tuning, seed, ...HARDENING },
    ...(id === 'frozen-weights'
      ? { mask: plan.mask ?? (await topOfSnip(victim, seed, settings.threads, signal)) }
      : {}),
    ...(signal === undefined ? {} : { signal }),
  }
  const count = settings.examples.at(-1) ?? 0
  const began = performance.now()
  const prepared = (await defence.prepare?.(victim, context)) ?? victim
  const between = performance.now()
  const attacked = await throughDefence(defence, prepared, armExamples('harmful', count, seed), context)
  const ended = performance.now()
  const plain = await secondsOf(() => throughDefence(ORDINARY, victim, armExamples('harmful', count, seed), context))
  const honest = await throughDefence(defence, prepared, armExamples('benign', count, seed), context)
  const measure = (model: Victim) => measureModel(model, settings, ['vanilla'], signal)
  const result = {
    ...{ id, title, source, seed },
    ...(prepared === victim ? {} : { prepared: await measure(prepared) }),
    ...{ attacked: await measure(attacked), honest: await measure(honest) },
    seconds: { prepare: (between - began) / 1000, tune: Math.max(0, (ended - between) / 1000 - plain) },
  }
  return { result, attacked }
}

const ORDINARY: Defence = { id: 'none', title: 'None', source: '' }

async function secondsOf(job: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await job()
  return (performance.now() - began) / 1000
}

/** The weights that matter most for refusals, of each row a share: what is frozen without an audit. */
async function topOfSnip(victim: Victim, seed: number, threads: number, signal?: AbortSignal): Promise<FrozenWeights> {
  const { tokenizer, config } = victim
  const examples = encodeExamples(refusals(SCORED_REFUSALS, seed), { tokenizer, maxLength: config.maxLength })
  const scores = await measureSnip(victim, examples, { threads, ...(signal === undefined ? {} : { signal }) })
  return frozenBytes(topMasks(config, scores, FROZEN_SHARE))
}
