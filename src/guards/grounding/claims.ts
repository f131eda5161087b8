/** An answer cut into claims: its sentences, with their atoms, words and citations. Questions, greetings and talk about the answer are none. */
import type { Atoms } from './atoms.ts'
import { atomsOf, withoutDates } from './atoms.ts'
import type { Citation } from './citations.ts'
import { citationsOf, withoutCitations } from './citations.ts'
import { sentencesOf } from './sentences.ts'
import { contentStems } from './words.ts'

export interface Claim {
  readonly start: number
  readonly end: number
  /** Without citations. */
  readonly text: string
  /** Of its words with content, dates left out. */
  readonly stems: ReadonlySet<string>
  readonly atoms: Atoms
  readonly citations: readonly Citation[]
  /** It says something that a source could bear out. */
  readonly claims: boolean
}

/** Fewer words with content, and no number or date: nothing to check. */
const FEWEST_WORDS = 2
/** Longer sentences claim something, however politely they begin. */
const LONGEST_TALK = 5
const TALK = [
  // Courtesy and talk about the answer; saying that one does not know, or that a source does not.
  /^(?:sure|certainly|have a|good luck|good question|great question|of course|hello|hi|thanks|thank you|you(?:'|’)re welcome|let me know|i hope|here (?:is|are)|in summary|please|feel free|gerne|natürlich|hallo|danke|ich hoffe|hier (?:ist|sind)|bonjour|merci|bien sûr|voici|j(?:'|’)espère|hola|gracias|claro|por supuesto|aquí|espero)\b/iu,
  /\b(?:i (?:do not|don(?:'|’)t|cannot|can(?:'|’)t) (?:know|find|say|answer|see)|(?:does|do) not (?:say|mention|state|contain)|(?:doesn|don)(?:'|’)t (?:say|mention|state)|no information|not (?:mentioned|stated)|weiß ich nicht|keine (?:angabe|information)|nicht (?:erwähnt|angegeben)|je ne sais pas|pas (?:mentionné|indiqué|précisé)|aucune information|no (?:sé|lo sé)|no se (?:menciona|indica)|ninguna información)/iu,
]

function saysNothing(text: string, words: number): boolean {
  const [courtesy, unknown] = TALK
  return (words <= LONGEST_TALK && courtesy?.test(text) === true) || unknown?.test(text) === true
}

export function claimsOf(answer: string, ids: ReadonlySet<string>): readonly Claim[] {
  return sentencesOf(answer).map(({ start, end, text: sentence }) => {
    const text = withoutCitations(sentence, ids)
    const atoms = atomsOf(text)
    const stems = new Set(contentStems(withoutDates(text, atoms)))
    const exact = atoms.numbers.length > 0 || atoms.dates.length > 0
    const asks = /[?？]["”»)]*$/.test(text.trim())
    const talk = !exact && (text.endsWith(':') || saysNothing(text, stems.size))
    const claims = !asks && !talk && stems.size >= (exact ? 1 : FEWEST_WORDS)
    return { start, end, text, stems, atoms, claims, citations: citationsOf(sentence, start, ids) }
  })
}
