/** What `run.json` of an ablation holds, and which figures belong together. It computes means over seeds and nothing else. */
import type { SetFigures } from '../measure/figures.ts'
import type { GuardTask } from '../rows/guarded-row.ts'
import type { SynthesisKind } from '../synthesis/synthesis-file.ts'
import type { SynthesisOutcome } from '../synthesis/synthesise.ts'
import type { AblationSettings, ArmName } from './ablation-settings.ts'
import type { ArmResult } from './arm.ts'

export interface AblationRun {
  readonly formatVersion: 1
  readonly papers: readonly string[]
  readonly settings: AblationSettings
  readonly seeds: readonly number[]
  readonly data: {
    readonly rows: number
    readonly sources: Readonly<Record<string, number>>
    readonly teacher: string
    readonly outcomes: Readonly<Record<SynthesisKind, SynthesisOutcome>>
    /** Ids and lengths of some rows with the explanation's length: texts of the data are never shown. */
    readonly shown: readonly ShownRow[]
  }
  /** What was said of the measured rows by who asked for the run. */
  readonly devNote: string
  readonly arms: readonly ArmResult[]
  /** Arms that are not finished. */
  readonly missing: readonly { readonly arm: ArmName; readonly seed: number }[]
  readonly baselines: readonly Baseline[]
  readonly samples: readonly InventedSample[]
}

export interface ShownRow {
  readonly id: string
  readonly source: string
  /** In characters. */
  readonly prompt: number
  readonly response: number | null
  readonly critique: number | null
  readonly reasoning: number | null
}

export interface Baseline {
  readonly name: string
  readonly sets: readonly SetFigures[]
  /** Median of single verdicts; null where it costs nothing. */
  readonly milliseconds: number | null
}

/** What guards say of an invented text. Quotes that are not of it are masked: a guard may repeat what it learnt. */
export interface InventedSample {
  readonly prompt: string
  readonly response: string | null
  readonly said: readonly { readonly arm: ArmName; readonly text: string }[]
}

/** Figures of one subject on one set, over seeds. */
export interface SubjectOnSet {
  readonly subject: string
  readonly figures: readonly SetFigures[]
}

/** All subjects on each set and task, in the order of the run. */
export function bySet(
  run: Pick<AblationRun, 'arms' | 'baselines'>,
  titles: Readonly<Record<ArmName, string>>,
): readonly {
  readonly set: string
  readonly task: GuardTask
  readonly subjects: readonly SubjectOnSet[]
}[] {
  const all = [
    ...run.baselines.map(({ name, sets }) => ({ name, sets })),
    ...run.arms.map(({ arm, figures }) => ({ name: titles[arm], sets: figures.sets })),
  ]
  const keys = new Map(
    all.flatMap(({ sets }) => sets.map(({ set, task }) => [`${set} ${task}`, { set, task }] as const)),
  )
  return [...keys.values()].map(({ set, task }) => {
    const subjects = new Map<string, SetFigures[]>()
    for (const { name, sets } of all)
      for (const figures of sets)
        if (figures.set === set && figures.task === task) subjects.set(name, [...(subjects.get(name) ?? []), figures])
    return { set, task, subjects: [...subjects].map(([subject, figures]) => ({ subject, figures })) }
  })
}

/** Unweighted mean of a figure over the sets of a task where it is defined; null where it never is. */
export function meanOver(
  sets: readonly SetFigures[],
  task: GuardTask,
  figure: 'f1' | 'averagePrecision' | 'falsePositiveRate',
): number | null {
  const values = sets.flatMap((one) => (one.task === task ? (one[figure].value ?? []) : []))
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
}
