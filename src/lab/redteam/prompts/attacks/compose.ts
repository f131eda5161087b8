/**
 * One question made of three layers: a wrapper around an encoding of the request in a language. Any of them may be absent; which one is
 * alone gives the family, and two or more are `composed`.
 */
import type { Attack, Family } from './attack.ts'
import { user } from './attack.ts'
import type { Encoding } from './encodings.ts'
import type { Wrapper } from './wrapper.ts'

export interface Layers {
  readonly wrapper?: Wrapper
  readonly encoding?: Encoding
  /** Language of the request; absent: the goal's own. */
  readonly language?: string
}

/** The request as it is. */
export const PLAIN: Wrapper = {
  ...{ name: 'plain', family: 'control', source: 'control: the request without an attack' },
  wrap: (request) => [user(request)],
}

export function compose({ wrapper, encoding, language }: Layers): Attack {
  const layers: readonly (readonly [Family, string, string])[] = [
    ...(wrapper === undefined ? [] : [[wrapper.family, wrapper.name, wrapper.source] as const]),
    ...(encoding === undefined ? [] : [[encoding.family, encoding.name, encoding.source] as const]),
    ...(language === undefined ? [] : [['translation', `@${language}`, TRANSLATION] as const]),
  ]
  const outer = wrapper ?? PLAIN
  const names = layers.filter(([family]) => family !== 'translation').map(([, name]) => name)
  const id = `${names.join('+')}${language === undefined ? '' : `@${language}`}`
  return {
    id: id === '' ? PLAIN.name : id,
    family: layers.length > 1 ? 'composed' : (layers[0]?.[0] ?? 'control'),
    source: layers.map(([, , source]) => source).join('; ') || PLAIN.source,
    drawn: encoding?.drawn === true || wrapper?.drawn === true,
    queries: 1,
    ...(language === undefined ? {} : { language }),
    ...(encoding?.decode === undefined ? {} : { decode: encoding.decode }),
    async run({ request, random, target, ask }) {
      const encoded = encoding === undefined ? request : encoding.encode(request, random)
      const text =
        encoding === undefined || encoding.instruction === null ? encoded : `${encoding.instruction} ${encoded}`
      await ask(outer.wrap(text, { random, target }))
    },
  }
}

const TRANSLATION = 'Deng et al. 2023, arXiv 2310.06474; Yong et al. 2023, arXiv 2310.02446 (other languages)'
