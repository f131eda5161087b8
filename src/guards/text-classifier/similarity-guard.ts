/**
 * Off-topic by likeness: a text whose vector is far from that of the system prompt is off topic (the cosine baseline of Chua et al. 2024,
 * arXiv 2411.12946, table 1). Any sentence encoder will do; where to draw the line depends on it.
 *
 * Likeness is not relevance: in that table it finds 42 % of the off-topic prompts.
 */
import type { Guard, Stage, TextEncoderEngine } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { hashText } from '../../core/text/index.ts'
import { stretch } from '../judge/stretch.ts'
import { wrong } from './label-map.ts'
import type { JudgePassages, PassageOptions } from './passages.ts'
import { PassageStream, checkPassages, passageSizes } from './passages.ts'

export interface SimilarityGuardOptions extends PassageOptions {
  readonly id?: string
  readonly engine: TextEncoderEngine
  /** Off topic below this cosine, between 0 and 1. Choose it on texts of the application. */
  readonly threshold: number
  /** Default `input`. */
  readonly stages?: readonly Stage[]
  /** The system prompt where a request has none. */
  readonly system?: string
}

/** Vectors of system prompts kept: an application has few. */
const SCOPES = 32

/**
 * Creates the guard; it reports `off_topic`.
 *
 * @throws ParapetError `configuration`
 */
export function createSimilarityGuard(options: SimilarityGuardOptions): Guard {
  const { id = 'similarity', engine, threshold, stages = ['input'], system } = options
  if (!(threshold > 0 && threshold < 1)) throw wrong('threshold must lie between 0 and 1')
  const sizes = passageSizes(options)
  const scopes = new Map<string, Float32Array>()
  const judge: JudgePassages = async (passages, request) => {
    const asked = request.system?.trim() ?? ''
    const scope = asked === '' ? (system?.trim() ?? '') : asked
    if (scope === '')
      throw new ParapetError(
        'input_invalid',
        'Likeness needs a system prompt to compare with: send one, or give system.',
      )
    const known = scopes.get(scope)
    const vectors = await engine.embed(known === undefined ? [scope, ...passages] : passages, {
      signal: request.signal,
    })
    const [own, texts] = known === undefined ? [vectors[0], vectors.slice(1)] : [known, vectors]
    if (own === undefined || texts.length !== passages.length)
      throw new ParapetError('guard_failed', `The encoder gave ${texts.length} vectors for ${passages.length} texts.`)
    keep(scopes, scope, own)
    return texts.map((vector) => {
      const distance = 1 - Math.min(1, Math.max(0, product(own, vector)))
      return [{ label: 'off_topic', score: stretch(distance, 1 - threshold), beside: false }]
    })
  }
  return {
    specVersion: 'v1',
    ...{ id, stages },
    version: hashText(JSON.stringify([engine.version, threshold, stages, sizes, system ?? null])),
    maxSpan: sizes.window,
    check: (request) => checkPassages(judge, sizes, request),
    open: (request) => new PassageStream(judge, sizes, request),
  }
}

function keep(scopes: Map<string, Float32Array>, scope: string, vector: Float32Array): void {
  scopes.delete(scope)
  scopes.set(scope, vector)
  for (const oldest of scopes.keys()) {
    if (scopes.size <= SCOPES) break
    scopes.delete(oldest)
  }
}

function product(one: Float32Array, other: Float32Array): number {
  const value = one.reduce((sum, number, place) => sum + number * (other[place] ?? Number.NaN), 0)
  if (Number.isFinite(value)) return value
  throw new ParapetError('guard_failed', 'The encoder gave vectors that cannot be compared.')
}
