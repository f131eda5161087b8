/**
 * Look-alikes of Latin letters, and stylistic letter forms that Unicode does not normalise.
 *
 * A compact selection of Unicode TR39 (confusables): the letters that are hard to tell from Latin ones in ordinary fonts. Used
 * only inside words that mix scripts; a word wholly in Cyrillic or Greek is left alone. Not a full TR39 skeleton.
 */
import { codePointAt } from './code-point.ts'

/** Pairs: look-alike, then the Latin letter it passes for. */
const LATIN_LOOKALIKES =
  // Cyrillic
  'аaеeоoрpсcуyхxіiјjѕsһhԛqԝwԁdӏlүyѵvёëїïАAВBЕEКKМMНHОOРPСCТTУYХXІIЈJЅSԚQԜWԌGҮYѴVӀIЁËЇÏ' +
  // Greek
  'αaοoρpνvιiκkυuχxγyηnτtεeωwϲcϳjΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧXάáόóίíέé' +
  // Armenian
  'օoոnսuցgհhզqյjՕOՍUՏSԼL' +
  // Cherokee
  'ᎪAᏴBᏟCᎠDᎬEᎻHᎫJᏦKᏞLᎷMᏢPᎡRᏚSᎢTᏙVᎳWᏃZ' +
  // Coptic
  'ⲟoⲣpⲥcⲭxⲓiⲀAⲂBⲈEⲎHⲒIⲔKⲘMⲚNⲞOⲢPⲤCⲦTⲨYⲬX' +
  // Lisu
  'ꓐBꓑPꓓDꓔTꓖGꓗKꓙJꓚCꓜZꓝFꓟMꓠNꓡLꓢSꓣRꓦVꓧHꓪWꓫXꓬYꓮAꓰEꓲIꓳOꓴU'

/** Letter forms used as lettering (small capitals, script forms); folded wherever they stand. */
const STYLED = 'ᴀaʙbᴄcᴅdᴇeꜰfɢgʜhɪiᴊjᴋkʟlᴍmɴnᴏoᴘpʀrꜱsᴛtᴜuᴠvᴡwʏyᴢzɑaɡg'

/** Cyrillic letters that replace a Latin one when the rest of the word is plainly Cyrillic. */
const CYRILLIC_FOR_LATIN = 'aаeеoоpрcсyуxхiіAАBВEЕKКMМHНOОPРCСTТYУXХIІ'

/** Greek letters that replace a Latin one when the rest of the word is plainly Greek. */
const GREEK_FOR_LATIN = 'oοvνaαAΑBΒEΕZΖHΗIΙKΚMΜNΝOΟPΡTΤYΥXΧ'

function pairs(text: string): ReadonlyMap<string, string> {
  const characters = [...text]
  const map = new Map<string, string>()
  for (let index = 0; index + 1 < characters.length; index += 2) {
    map.set(characters[index] as string, characters[index + 1] as string)
  }
  return map
}

const latinOf: ReadonlyMap<string, string> = pairs(LATIN_LOOKALIKES)
const styledOf: ReadonlyMap<string, string> = pairs(STYLED)
const cyrillicOf: ReadonlyMap<string, string> = pairs(CYRILLIC_FOR_LATIN)
const greekOf: ReadonlyMap<string, string> = pairs(GREEK_FOR_LATIN)

/** The plain letter behind a stylistic form, or undefined. Covers small capitals and the negative circled and squared letters. */
export function styledLetter(codePoint: number): string | undefined {
  if (codePoint >= 0x1f150 && codePoint <= 0x1f169) return String.fromCharCode(0x41 + codePoint - 0x1f150)
  if (codePoint >= 0x1f170 && codePoint <= 0x1f189) return String.fromCharCode(0x41 + codePoint - 0x1f170)
  return styledOf.get(String.fromCodePoint(codePoint))
}

const LATIN_LETTER = /^\p{Script=Latin}/u
const CYRILLIC_LETTER = /^\p{Script=Cyrillic}/u
const GREEK_LETTER = /^\p{Script=Greek}/u

/** How a mixed-script word was folded: wholly into one script, or only where a letter had a look-alike. */
export interface FoldedWord {
  /** One entry for each entry of the word given. */
  readonly parts: readonly string[]
  /** False when letters of more than one script remain. */
  readonly complete: boolean
}

/**
 * Folds the look-alikes of one word that mixes Latin with another script. Towards Latin when every foreign letter has a Latin
 * look-alike; towards Cyrillic or Greek when every Latin letter has one there; otherwise every letter that has a Latin one.
 *
 * @param parts the word's clusters, each already normalised on its own
 */
export function foldMixedWord(parts: readonly string[]): FoldedWord {
  const foreign = parts.filter((part) => !LATIN_LETTER.test(part))
  const latin = parts.filter((part) => LATIN_LETTER.test(part))
  if (foreign.every((part) => lookAlike(latinOf, part) !== undefined))
    return { parts: fold(parts, latinOf), complete: true }
  const target = foreign.every((part) => CYRILLIC_LETTER.test(part))
    ? cyrillicOf
    : foreign.every((part) => GREEK_LETTER.test(part))
      ? greekOf
      : null
  if (target !== null && latin.every((part) => lookAlike(target, part) !== undefined)) {
    return { parts: fold(parts, target), complete: true }
  }
  return { parts: fold(parts, latinOf), complete: false }
}

function fold(parts: readonly string[], map: ReadonlyMap<string, string>): string[] {
  return parts.map((part) => lookAlike(map, part) ?? part)
}

/** The look-alike of a cluster's base letter, its marks kept. */
function lookAlike(map: ReadonlyMap<string, string>, part: string): string | undefined {
  const base = String.fromCodePoint(codePointAt(part, 0) ?? 0)
  const letter = map.get(base)
  return letter === undefined ? undefined : letter + part.slice(base.length)
}
