/**
 * How attack success grows with the length of the prompt: the slope b of success = a + b · ln(words), by least squares over single attacks,
 * with a percentile bootstrap over them (arXiv 2502.16750 speaks of such a growth and prints no curve; the fit is ours).
 */

/** One attack: words of all its turns together, and whether it succeeded. */
export interface AttackLength {
  readonly words: number
  readonly succeeded: boolean
}

export interface Slope {
  /** Share of success gained when the length grows e-fold. */
  readonly slope: number
  /** 95 %. */
  readonly low: number
  readonly high: number
}

const DRAWS = 1_000

/**
 * @param random uniform in [0, 1)
 * @throws Error where all attacks are of one length, since no slope is defined
 */
export function successSlope(attacks: readonly AttackLength[], random: () => number): Slope {
  const points = attacks.map(({ words, succeeded }) => [Math.log(words), Number(succeeded)] as const)
  if (new Set(points.map(([x]) => x)).size < 2) throw new Error('All attacks are of one length; a slope needs several.')
  const slope = leastSquares(points)
  const drawn = Array.from({ length: DRAWS }, () =>
    leastSquares(points.map(() => points[Math.floor(random() * points.length)] ?? [0, 0])),
  ).toSorted((one, other) => one - other)
  return { slope, low: drawn[Math.floor(0.025 * DRAWS)] ?? slope, high: drawn[Math.ceil(0.975 * DRAWS) - 1] ?? slope }
}

function leastSquares(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (at: 0 | 1): number => points.reduce((sum, point) => sum + point[at], 0) / points.length
  const [meanX, meanY] = [mean(0), mean(1)]
  const covariance = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0)
  return covariance / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
}
