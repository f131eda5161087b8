/** How long a timer for a deadline runs. A timer has a largest length, beyond which it would end at once. */
import type { Clock } from '../../spec/index.ts'

const LONGEST_TIMER = 2_147_483_647

/** Milliseconds from now to a deadline, for `setTimeout`: none once it has passed, the longest there are for one far away. */
export function timeLeft(deadline: number, clock: Clock): number {
  return Math.min(LONGEST_TIMER, Math.max(0, deadline - clock.now()))
}
