/**
 * The shipped model's tiers as things to measure: `fast` alone, `deep` for every text, and `default`, which asks deep where fast is
 * unsure.
 *
 * A text is scored once; later sections get the same scores back, so only the first asking is timed.
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { loadEmbeddedClassifier, MODEL_FILES } from '../../src/engines/embedded/index.ts'
import type {
  ClassifierEngine,
  ClassifierHead,
  ClassifierInput,
  ClassifierScores,
  ClassifierSpan,
} from '../../src/spec/index.ts'
import { ParapetError } from '../../src/spec/index.ts'

export const TIER_NAMES = ['fast', 'deep', 'default'] as const
export type TierName = (typeof TIER_NAMES)[number]

/** Files to measure; absent ones are those of the package. */
export interface ModelPaths {
  readonly fast?: string
  readonly deep?: string
}

export interface Scored {
  readonly scores: ClassifierScores
  /** The deep tier gave some of the scores. */
  readonly deep: boolean
  readonly milliseconds: number
}

export interface Tier {
  readonly name: TierName
  /** Hash of the weights. */
  readonly version: string
  readonly hasDeep: boolean
  score(input: ClassifierInput): Promise<Scored>
  /** The span that drove a head most; null where there is none. */
  topSpan(input: ClassifierInput, head: ClassifierHead): ClassifierSpan | null
}

/** Null where there is none: a deep model fits one fast model, so that of the package is not put beside another. */
export function deepPathOf({ fast, deep }: ModelPaths): string | null {
  const path = deep ?? (fast === undefined ? fileURLToPath(MODEL_FILES.deep) : null)
  return path !== null && existsSync(path) ? path : null
}

export function fastPathOf({ fast }: ModelPaths): string {
  return fast ?? fileURLToPath(MODEL_FILES.classifier)
}

/** Null where the tier needs a deep model and there is none. */
export async function openTier(name: TierName, paths: ModelPaths): Promise<Tier | null> {
  const { fast } = paths
  const deepPath = deepPathOf(paths)
  if (name === 'fast') return createTier(name, await loadEmbeddedClassifier(fast, { deep: 'off' }))
  if (deepPath === null) return null
  const options = name === 'deep' ? ({ deep: 'required', band: 'all' } as const) : ({ deep: 'auto' } as const)
  return createTier(name, await loadEmbeddedClassifier(fast, { ...options, deepPath }))
}

/** A tier from an engine. */
export function createTier(name: TierName, engine: ClassifierEngine): Tier {
  const known = new Map<string, Scored>()
  return {
    name,
    version: engine.version,
    hasDeep: engine.refine !== undefined,
    topSpan: (input, head) => engine.explain(input, head, 1)[0] ?? null,
    async score(input) {
      const key = JSON.stringify([input.prompt ?? null, input.response ?? null, input.system ?? null])
      const before = known.get(key)
      if (before !== undefined) return before
      const started = performance.now()
      const fast = engine.classify(input)
      const refining = engine.refine?.(input, fast) ?? null
      const scores = refining === null ? fast : await refining
      const scored = { scores, deep: scores.deep !== undefined, milliseconds: performance.now() - started }
      known.set(key, scored)
      return scored
    },
  }
}

/** A head's score. A head that says nothing about the input is a mistake of the caller. */
export function scoreOf({ scores }: Scored, head: ClassifierHead): number {
  const score = scores[head]
  if (score === null) throw new ParapetError('internal', `The head ${head} has no score for this input: ask another.`)
  return score
}

/** The highest of several heads' scores. */
export function highestOf(scored: Scored, ...heads: readonly ClassifierHead[]): number {
  return Math.max(...heads.map((head) => scoreOf(scored, head)))
}
