/** The defences that Unalignment measures beside the attack, in the order of reports; the first is the control of those that harden. */
import { BOOSTER_DEFENCE } from './booster.ts'
import type { Defence } from './defence.ts'
import { FROZEN_WEIGHTS } from './frozen-weights.ts'
import { LISA_DEFENCE } from './lisa.ts'
import { MIXING } from './mixing.ts'
import { PLAIN_ALIGNMENT } from './plain-alignment.ts'
import { REPAIR } from './repair.ts'
import { REP_NOISE_DEFENCE } from './rep-noise.ts'
import { VACCINE } from './vaccine.ts'

export const DEFENCES: readonly Defence[] = [
  ...[PLAIN_ALIGNMENT, VACCINE, REP_NOISE_DEFENCE, BOOSTER_DEFENCE],
  ...[MIXING, FROZEN_WEIGHTS, LISA_DEFENCE, REPAIR],
]
export { type Conversations, type Defence, type DefenceContext, chosenDefences, throughDefence } from './defence.ts'
