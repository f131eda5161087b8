/**
 * Which attack on which goal under which setting, the controls first, the rest in an order drawn from the seed: a run that a budget ends
 * early has then looked at all families alike, and at every case under every setting. What cannot be asked is left out and said, never counted as safe.
 */
import { createRandom } from '../../../../nn/random.ts'
import { shuffle } from '../../../synth/template.ts'
import type { Attack } from '../attacks/attack.ts'
import type { Goal, GoalSet } from '../goals/goal.ts'

export interface Case {
  readonly id: string
  readonly kind: 'attack' | 'benign'
  readonly seed: number
  readonly setting: string
  readonly goal: Goal
  readonly attack: Attack
}

export interface Skipped {
  readonly attack: string
  readonly reason: string
  readonly goals: number
}

export interface Plan {
  readonly cases: readonly Case[]
  readonly skipped: readonly Skipped[]
}

export interface PlanOptions {
  readonly goals: GoalSet
  readonly seeds: readonly number[]
  readonly attacks: readonly Attack[]
  readonly settings: readonly string[]
  /** Whether searches see probabilities and gradients, and whether there is a model that attacks. */
  readonly has: { readonly scorer: boolean; readonly gradients: boolean; readonly attacker: boolean }
  readonly benign: boolean
}

export function planCases(options: PlanOptions): Plan {
  const { goals, seeds, attacks, settings } = options
  const skipped = new Map<string, Skipped>()
  const skip = (attack: Attack, reason: string): void => {
    const key = `${attack.id} ${reason}`
    skipped.set(key, { attack: attack.id, reason, goals: (skipped.get(key)?.goals ?? 0) + 1 })
  }
  const units = seeds.flatMap((seed) => {
    const list = goals.goals(seed)
    const again = goals.origin === 'file' && seed !== seeds[0]
    return attacks.flatMap((attack) =>
      // Without a draw the same question would be counted once more for each seed.
      again && !attack.drawn ? [] : list.flatMap((goal) => unitsOf(attack, goal, seed, options, skip)),
    )
  })
  const drawn = shuffle(units, createRandom((seeds[0] ?? 1) * 104_729))
  // The controls come first: a run that ends early has them, and without them its figures would mean nothing.
  const isControl = ({ attack }: Unit): boolean => attack.family === 'control'
  const order = [...drawn.filter(isControl), ...drawn.filter((unit) => !isControl(unit))]
  return {
    cases: order.flatMap(({ kind, seed, goal, attack }) =>
      settings.map((setting) => {
        const id = `${setting}|${seed}|${kind}|${attack.id}|${goal.id}`
        return { id, kind, seed, setting, goal, attack }
      }),
    ),
    skipped: [...skipped.values()],
  }
}

type Unit = Omit<Case, 'id' | 'setting'>

function unitsOf(
  attack: Attack,
  goal: Goal,
  seed: number,
  { has, benign }: PlanOptions,
  skip: (attack: Attack, reason: string) => void,
): readonly Unit[] {
  if (attack.needs === 'canary') return [{ kind: 'attack', seed, goal, attack }]
  const language = attack.language ?? goal.language
  if (attack.needs === 'scorer' && !has.scorer) return none(() => skip(attack, 'the target shows no probabilities'))
  if (attack.needs === 'gradients' && !has.gradients) return none(() => skip(attack, 'the target shows no gradients'))
  if (attack.needs === 'attacker' && !has.attacker) return none(() => skip(attack, 'no attacking model was given'))
  if ((attack.needs === 'scorer' || attack.needs === 'gradients') && goal.targets[language] === undefined)
    return none(() => skip(attack, 'goals without a target'))
  // A goal in its own language is the plain request.
  if (attack.language !== undefined && attack.family === 'translation' && attack.language === goal.language) return []
  if (goal.texts[language] === undefined) return none(() => skip(attack, `goals not in ${language}`))
  const control = benign && goal.benign?.texts[language] !== undefined && attack.needs === undefined
  const kinds: readonly Case['kind'][] = control ? ['attack', 'benign'] : ['attack']
  return kinds.map((kind) => ({ kind, seed, goal, attack }))
}

function none(say: () => void): readonly Unit[] {
  say()
  return []
}
