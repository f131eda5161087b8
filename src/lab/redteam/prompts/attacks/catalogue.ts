/**
 * All attacks by name, and the little language that picks and composes them: a family (`encoding`), an attack (`no-rules`), layers joined
 * by `+` with a language behind `@` (`no-rules+base64@de`), a number behind some (`many-shot-8`, `best-of-20`), `-` before what is left
 * out (`-search`).
 */
import { ParapetError } from '../../../../spec/index.ts'
import { type Attack, FAMILIES, type Family } from './attack.ts'
import { bestOf } from './best-of-n.ts'
import { compose, type Layers, PLAIN } from './compose.ts'
import { ENCODINGS } from './encodings.ts'
import { EXTRACTION } from './extraction.ts'
import { gcgSuffix } from './gcg-suffix.ts'
import { INDIRECT } from './indirect.ts'
import { manyShot } from './many-shot.ts'
import { crescendo, modelAttacker } from './multi-turn.ts'
import { PAYLOAD_SPLITTING } from './payload-splitting.ts'
import { ROLE_PLAY } from './role-play.ts'
import { suffixSearch } from './suffix-search.ts'
import { templateEvolution } from './template-evolution.ts'
import { TEMPLATES } from './templates.ts'
import type { Wrapper } from './wrapper.ts'

export const WRAPPERS: readonly Wrapper[] = [PLAIN, ...TEMPLATES, ...ROLE_PLAY, ...PAYLOAD_SPLITTING, ...INDIRECT]

/** Composed ones that are tried unless others are named: each joins two families. */
const COMPOSED = ['no-rules+leetspeak', 'bot-without-rules+zero-width', 'document+base64', 'opening+homoglyphs']
const SHOTS = [1, 2, 4, 8, 16]
const MOST = 10_000

export interface CatalogueOptions {
  /** Languages that goals may be asked in. */
  readonly languages: readonly string[]
  /** Default 10. */
  readonly bestOf?: number
  /** Turns of the attacking model. Default 4. */
  readonly turns?: number
}

/** The same for all searches, so that they can be compared. A local model scores so many short questions at once, and fewer are no faster. */
const SEARCH = { length: 8, rounds: 12, candidates: 64 } as const

/** Everything, in the order of the families; the plain request comes first, since without it no figure means anything. */
export function allAttacks({ languages, bestOf: n = 10, turns = 4 }: CatalogueOptions): readonly Attack[] {
  const composed = (spec: string): Attack => compose(layersOf(spec))
  const list: readonly Attack[] = [
    ...WRAPPERS.map((wrapper) => compose({ wrapper })),
    ...ENCODINGS.map((encoding) => compose({ encoding })),
    ...languages.map((language) => compose({ language })),
    ...SHOTS.map((count) => manyShot(count)),
    manyShot(4, 'text'),
    ...[crescendo, modelAttacker(turns), bestOf(n)],
    ...[
      suffixSearch({ ...SEARCH, rounds: 0 }),
      suffixSearch(SEARCH),
      gcgSuffix({ ...SEARCH, topK: 32 }),
      templateEvolution({ population: SEARCH.candidates, generations: SEARCH.rounds }),
    ],
    ...EXTRACTION,
    ...COMPOSED.map(composed),
  ]
  return FAMILIES.flatMap((family) => list.filter((attack) => attack.family === family))
}

/** The attacks that words pick, the plain request always first. Throws `configuration` for a word that names none. */
export function pickAttacks(words: readonly string[], options: CatalogueOptions): readonly Attack[] {
  const all = allAttacks(options)
  const wanted = words.filter((word) => !word.startsWith('-'))
  const left = words.filter((word) => word.startsWith('-')).map((word) => word.slice(1))
  const chosen = wanted.length === 0 ? all : wanted.flatMap((word) => attacksOf(word, all))
  const out = new Set(left.flatMap((word) => attacksOf(word, all).map(({ id }) => id)))
  const plain = compose({ wrapper: PLAIN })
  const picked = new Map([plain, ...chosen].map((attack) => [attack.id, attack]))
  for (const id of out) if (id !== plain.id) picked.delete(id)
  return [...picked.values()]
}

function attacksOf(word: string, all: readonly Attack[]): readonly Attack[] {
  if (word === 'all') return all
  if ((FAMILIES as readonly string[]).includes(word)) return all.filter(({ family }) => family === word)
  const known = all.find(({ id }) => id === word)
  if (known !== undefined) return [known]
  const shots = /^many-shot(-text)?-(\d+)$/.exec(word)
  if (shots !== null) return [manyShot(numberIn(word, shots[2]), shots[1] === undefined ? 'turns' : 'text')]
  const best = /^best-of-(\d+)$/.exec(word)
  if (best !== null) return [bestOf(numberIn(word, best[1]))]
  const model = /^model-attacker-(\d+)$/.exec(word)
  if (model !== null) return [modelAttacker(numberIn(word, model[1]))]
  return [compose(layersOf(word))]
}

function numberIn(word: string, digits: string | undefined): number {
  const value = Number(digits)
  if (value >= 1 && value <= MOST) return value
  throw new ParapetError('configuration', `The number in "${word}" must be from 1 to ${MOST}.`)
}

function layersOf(spec: string): Layers {
  const [names = '', language] = spec.split('@')
  const layers: { wrapper?: Wrapper; encoding?: (typeof ENCODINGS)[number]; language?: string } = {}
  for (const name of names.split('+').filter((each) => each !== '')) {
    const wrapper = WRAPPERS.find((each) => each.name === name)
    const encoding = ENCODINGS.find((each) => each.name === name)
    if (wrapper === undefined && encoding === undefined) throw unknown(name)
    if (wrapper !== undefined && layers.wrapper === undefined) layers.wrapper = wrapper
    else if (encoding !== undefined && layers.encoding === undefined) layers.encoding = encoding
    else
      throw new ParapetError(
        'configuration',
        `"${spec}" has two layers of one kind. Name a wrapper, an encoding and a language at most.`,
      )
  }
  if (language !== undefined) {
    if (!/^[a-z]{2,3}$/.test(language)) throw unknown(`@${language}`)
    layers.language = language
  }
  if (Object.keys(layers).length === 0) throw unknown(spec)
  return layers
}

function unknown(name: string): ParapetError {
  return new ParapetError(
    'configuration',
    `There is no attack or family called "${name}". parapet redteam prompts --list shows them all.`,
  )
}

export type { Family }
