/**
 * The public off-topic sets in folds. By domain: no scope of a held-out domain, and no prompt that occurs in it, is trained on. By system
 * prompt: the held-out system prompts and their prompts were not seen, but others of their domain were.
 */
import { placeOf } from '../../src/lab/develop/generate/draw.ts'
import type { DomainSample } from '../../src/lab/develop/model/general.ts'

/** Words of a domain's name, in groups that are held out together across the sets. */
const GROUPS: readonly (readonly string[])[] = [
  ['banking', 'credit_cards', 'Banks', 'Services', 'bank', 'doctor', 'spaceship'],
  [
    'auto_and_commute',
    'travel',
    'Flights',
    'Buses',
    'Hotels',
    'RentalCars',
    'plane',
    'hotel',
    'ride',
    'trip',
    'airline',
  ],
  [
    'kitchen_and_dining',
    'work',
    'Restaurants',
    'Homes',
    'Events',
    'Movies',
    'restaurant',
    'apartment',
    'meeting',
    'party',
    'trivia',
    'None',
    'retail',
  ],
  ['home', 'utility', 'Calendar', 'Media', 'Music', 'weather'],
]

export type Split = 'domain' | 'system'
export const FOLDS: number = GROUPS.length

export function foldOf(sample: DomainSample, split: Split): number {
  if (split === 'system') return Math.floor(FOLDS * placeOf(sample.system, 11))
  const name = sample.domain.slice(sample.domain.indexOf(' ') + 1)
  const fold = GROUPS.findIndex((group) => group.includes(name))
  if (fold < 0) throw new Error(`The domain ${sample.domain} is in no group.`)
  return fold
}

/** What may be learnt when a fold is measured. */
export function withoutFold(samples: readonly DomainSample[], fold: number, split: Split): readonly DomainSample[] {
  const seen = new Set(samples.filter((sample) => foldOf(sample, split) === fold).map(({ prompt }) => prompt))
  return samples.filter((sample) => foldOf(sample, split) !== fold && !seen.has(sample.prompt))
}
