/**
 * Whether two sentences about the same deny each other: one has a negation more, or a word of opposite meaning. A word list in four
 * languages, which sees no irony and no negation by grammar alone.
 */
import { plain, wordsOf } from './words.ts'

const NEGATIONS: ReadonlySet<string> = new Set(
  [
    'not no never none nobody nothing neither nor without cannot cant dont doesnt didnt isnt arent wasnt werent wont wouldnt hasnt havent hadnt',
    'nicht kein keine keinen keinem keiner keines nie niemals niemand nichts weder ohne',
    'ne pas jamais aucun aucune personne rien sans ni',
    'no nunca jamas ningun ninguno ninguna nadie nada sin tampoco ni',
  ].flatMap((line) => line.split(' ')),
)
/** French and Spanish use two words for one negation: `ne … pas`, `no … nunca`. */
const HALVES: ReadonlySet<string> = new Set(['ne', 'n'])

/** Words that stand for the same side are joined by `/`. */
const OPPOSITES: readonly (readonly [string, string])[] = [
  ['open/opened/opens', 'close/closed/closes'],
  ['increase/increased/rose/grew', 'decrease/decreased/fell/shrank'],
  ['before', 'after'],
  ['always', 'never'],
  ['allowed/permitted', 'forbidden/prohibited'],
  ['required/mandatory', 'optional'],
  ['included/include/includes', 'excluded/exclude/excludes'],
  ['accept/accepts/accepted', 'reject/rejects/rejected/refuses/refused'],
  ['free', 'paid'],
  ['largest/highest/biggest', 'smallest/lowest'],
  ['first', 'last'],
  ['more', 'less/fewer'],
  ['won', 'lost'],
  ['safe', 'unsafe/dangerous'],
  ['possible', 'impossible'],
  ['above', 'below'],
  ['public', 'private'],
  ['waterproof', 'permeable'],
  ['offen/geoffnet', 'geschlossen'],
  ['gestiegen/stieg', 'gesunken/sank'],
  ['vor', 'nach'],
  ['immer', 'nie/niemals'],
  ['erlaubt', 'verboten'],
  ['kostenlos', 'kostenpflichtig'],
  ['mehr', 'weniger'],
  ['hochste/grosste', 'niedrigste/kleinste'],
  ['enthalten', 'ausgeschlossen'],
  ['ouvert/ouverte', 'ferme/fermee'],
  ['augmente', 'diminue/baisse'],
  ['avant', 'apres'],
  ['toujours', 'jamais'],
  ['autorise/autorisee', 'interdit/interdite'],
  ['gratuit/gratuite', 'payant/payante'],
  ['plus', 'moins'],
  ['inclus/incluse', 'exclu/exclue'],
  ['abierto/abierta', 'cerrado/cerrada'],
  ['aumento', 'disminuyo/bajo'],
  ['antes', 'despues'],
  ['siempre', 'nunca'],
  ['permitido/permitida', 'prohibido/prohibida'],
  ['gratis/gratuito/gratuita', 'pago'],
  ['mas', 'menos'],
  ['incluido/incluida', 'excluido/excluida'],
]

const OPPOSITE_OF: ReadonlyMap<string, ReadonlySet<string>> = (() => {
  const sides = new Map<string, Set<string>>()
  const add = (words: readonly string[], opposites: readonly string[]): void => {
    for (const word of words) sides.set(word, new Set([...(sides.get(word) ?? []), ...opposites]))
  }
  for (const [left, right] of OPPOSITES) {
    const [one, other] = [left.split('/'), right.split('/')]
    add(one, other)
    add(other, one)
  }
  return sides
})()

/** Whether a claim's words say the opposite of those of a sentence about the same: an odd number of denials and opposites between them. */
export function deny(left: ReadonlySet<string>, right: ReadonlySet<string>): boolean {
  let flips = negations(left) === negations(right) ? 0 : 1
  for (const word of left) {
    const opposites = OPPOSITE_OF.get(word)
    if (opposites === undefined || right.has(word)) continue
    if ([...opposites].some((opposite) => right.has(opposite) && !left.has(opposite) && !NEGATIONS.has(opposite)))
      flips += 1
  }
  return flips % 2 === 1
}

/** Whether it denies at all: two negations of one sentence are mostly two halves, or two denials of one thing. */
function negations(words: ReadonlySet<string>): boolean {
  return [...words].some((word) => NEGATIONS.has(word) && !HALVES.has(word))
}

/** The words by which denials are known. */
export function wordSet(text: string): ReadonlySet<string> {
  return new Set(wordsOf(text.replaceAll(/n['’]t\b/gi, ' not')).map(({ text: word }) => plain(word)))
}
