/** The variants of a model that an audit compares: what is cut, how it is chosen, and a name for each. Words and numbers only. */
import type { BlockLinear } from '../../nn/decoder/config.ts'
import type { SafetyForm } from './attribution-data.ts'
import type { Comparison } from './masks/select-weights.ts'

export type ScoreKind = 'snip' | 'wanda'

/** Weights set to 0: those important to safety and not to utility. */
export interface SetDifferenceVariant {
  readonly method: 'set-difference'
  readonly scores: ScoreKind
  readonly form: SafetyForm
  /** Shares of a row: top by utility that is spared, top by safety that is cut. */
  readonly p: number
  readonly q: number
  readonly comparison: Comparison
}

/** Directions taken out of the outputs, those important to utility spared; keep 0 spares none, which is the top-only control. */
export interface ProjectionVariant {
  readonly method: 'projection'
  readonly form: SafetyForm
  readonly keep: number
  readonly remove: number
  /** All seven layers of a block if absent. */
  readonly modules?: readonly BlockLinear[]
}

export type Variant =
  | { readonly method: 'none' }
  | SetDifferenceVariant
  | ProjectionVariant
  /** The highest safety scores, whatever they do for utility: a control as large as the masks named. */
  | {
      readonly method: 'top'
      readonly scores: ScoreKind
      readonly form: SafetyForm
      readonly like: SetDifferenceVariant
    }
  /** As many random weights in each layer as the masks named have there. */
  | { readonly method: 'random'; readonly like: SetDifferenceVariant }
  /** Least-safety pruning, and random weights of the same share. */
  | { readonly method: 'lowest' | 'random-share'; readonly share: number }
  /** The attention heads that probes read best. */
  | { readonly method: 'heads'; readonly count: number }

/** A name that tells variants apart, and is fit for a file. */
export function variantId(variant: Variant): string {
  switch (variant.method) {
    case 'none':
      return 'none'
    case 'set-difference': {
      const { scores, form, p, q, comparison } = variant
      return `set-difference-${scores}-${form}-p${p}-q${q}${comparison === 'matrix' ? '-matrix' : ''}`
    }
    case 'projection': {
      const { form, keep, remove, modules } = variant
      return `projection-${form}-keep${keep}-remove${remove}${modules === undefined ? '' : `-${modules.join('+')}`}`
    }
    case 'top':
      return `top-${variant.scores}-${variant.form}-like-${variantId(variant.like)}`
    case 'random':
      return `random-like-${variantId(variant.like)}`
    case 'lowest':
    case 'random-share':
      return `${variant.method}-${variant.share}`
    case 'heads':
      return `heads-${variant.count}`
    default:
      return variant satisfies never
  }
}

/** The same for a reader. */
export function variantTitle(variant: Variant): string {
  const percent = (share: number): string => `${Number((100 * share).toFixed(1))} %`
  switch (variant.method) {
    case 'none':
      return 'the model as it is'
    case 'set-difference': {
      const { scores, form, p, q, comparison } = variant
      const whole = comparison === 'matrix' ? ', of the whole matrix' : ''
      return `set difference, ${nameOf(scores)} ${form}: top ${percent(q)} by safety, not top ${percent(p)} by utility${whole}`
    }
    case 'projection': {
      const { form, keep, remove, modules } = variant
      const where = modules === undefined ? '' : ` (${modules.map((name) => name.replace(/^.*\./, '')).join(', ')})`
      const spared = keep === 0 ? 'none spared: top only' : `${keep} of utility spared`
      return `projection ${form}: ${remove} safety ${remove === 1 ? 'direction' : 'directions'} out, ${spared}${where}`
    }
    case 'top':
      return `top only, ${nameOf(variant.scores)} ${variant.form}, as many weights`
    case 'random':
      return 'random, as many weights'
    case 'lowest':
      return `lowest ${percent(variant.share)} by safety`
    case 'random-share':
      return `random ${percent(variant.share)}`
    case 'heads':
      return variant.count === 1
        ? 'the attention head that probes read best'
        : `the ${variant.count} attention heads that probes read best`
    default:
      return variant satisfies never
  }
}

function nameOf(scores: ScoreKind): string {
  return scores === 'snip' ? 'SNIP' : 'Wanda'
}
