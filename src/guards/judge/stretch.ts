/**
 * A probability or score as one of a policy, where one half divides: stretched on both sides, so that a threshold becomes one half. The
 * order of scores stays.
 */

/** @param threshold 0…1; a score at it is not above one half */
export function stretch(score: number, threshold: number): number {
  if (score > threshold) return 0.5 + ((score - threshold) / (1 - threshold)) * 0.5
  return threshold === 0 ? 0 : (score / threshold) * 0.5
}
