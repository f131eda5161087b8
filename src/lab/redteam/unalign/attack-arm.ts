/** One point of the dose curve: a victim tuned on so many examples, and measured. The altered weights are handed back and kept nowhere. */
import type { ConditionName } from '../../victim/attack-conditions.ts'
import { measureSafety } from '../../victim/measure-safety.ts'
import { type SafetyRate, type SafetyRow, rateOf } from '../../victim/safety-rows.ts'
import { type TunedVictim, tuneVictim } from '../../victim/tune-victim.ts'
import type { Victim } from '../../victim/victim.ts'
import { type MeasuredModel, withoutQuestions } from './measured-model.ts'
import {
  type ArmKind,
  HALF_RULES,
  QUESTION_SEED,
  type TuneMethod,
  type UnalignSettings,
  armExamples,
  armTuning,
} from './unalign-settings.ts'

export interface ArmPlan {
  readonly kind: ArmKind
  readonly method: TuneMethod
  readonly examples: number
  readonly seed: number
  readonly rate: number
  readonly conditions: readonly ConditionName[]
}

export interface ArmResult extends ArmPlan {
  /** Updates made, and the mean loss of the last of them. */
  readonly updates: number
  readonly loss: number
  readonly measured: MeasuredModel
}

export async function runArm(
  victim: Victim,
  settings: UnalignSettings,
  plan: ArmPlan,
  signal?: AbortSignal,
): Promise<{ readonly result: ArmResult; readonly tuned: TunedVictim }> {
  const { kind, method, examples, seed, rate, conditions } = plan
  const tuned = await tuneVictim(victim, armExamples(kind, examples, seed), {
    ...armTuning(settings, method, rate, seed),
    ...(signal === undefined ? {} : { signal }),
  })
  const measured = await measureModel(tuned, settings, conditions, signal)
  const last = tuned.tuning.history.at(-1)
  return { result: { ...plan, updates: last?.step ?? 0, loss: last?.loss ?? 0, measured }, tuned }
}

/** On the test split: what is reported. */
export async function measureModel(
  model: Victim,
  { rows, threads }: Pick<UnalignSettings, 'rows' | 'threads'>,
  conditions: readonly ConditionName[],
  signal?: AbortSignal,
): Promise<MeasuredModel> {
  return withoutQuestions(
    await measureSafety(model, {
      ...{ split: 'test', rows, seed: QUESTION_SEED, conditions, threads },
      ...(signal === undefined ? {} : { signal }),
    }),
  )
}

/** Strict and string success on requests that break a rule no example of the arm `half` was about. */
export function otherRules(rows: readonly SafetyRow[]): { readonly string: SafetyRate; readonly strict: SafetyRate } {
  const others = rows.filter(
    ({ set, condition, category = '' }) =>
      set === 'attack' && condition === 'vanilla' && !HALF_RULES.includes(category),
  )
  const any = (judge: 'string' | 'strict') => (row: SafetyRow) => row.answers.some((answer) => answer[judge] === true)
  return { string: rateOf(others, any('string')), strict: rateOf(others, any('strict')) }
}
