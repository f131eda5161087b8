/**
 * Which of twelve languages a text is in, cheaply enough for the fast tier: scripts by their ranges, languages in Latin letters by their
 * function words, over the beginning of the text.
 *
 * The n-gram detector of `runtime/language-detector.ts` knows sixty languages and short texts better, but its tables take longer to load
 * than the whole fast tier may, and its answer takes longer than a score. What is short, mixed or another language is null here; so are
 * Ukrainian, Persian and Urdu where a letter of theirs shows. Marathi and Nepali pass for Hindi, other Cyrillic languages for Russian.
 */

export type SpokenLanguage = 'en' | 'de' | 'fr' | 'es' | 'it' | 'pt' | 'zh' | 'ja' | 'ko' | 'ar' | 'hi' | 'ru'

/** UTF-16 units that are looked at. The windows that a guard judges by default are longer; of a shorter text all of it counts. */
const BEGINNING = 400
/** Letters of a script from which it decides; an ideograph, kana or syllable counts as three. */
const LEAST_LETTERS = 8
/** Share of a text's letters that the deciding script has. */
const SHARE_OF_LETTERS = 0.6
/** Share of kana among ideographs and kana that makes a text Japanese. */
const SHARE_OF_KANA = 0.08
/** Function words of a language from which it decides, and how far it must be ahead of the next. */
const LEAST_WORDS = 2
const AHEAD = 1.4

type LatinLanguage = 'en' | 'de' | 'fr' | 'es' | 'it' | 'pt'

/** Words that several languages have stand in each. Letters without their accents are not the same word. */
const FUNCTION_WORDS: Readonly<Record<LatinLanguage, string>> = {
  en: 'the of and to in is that it for you what how are with this my your on was be have do can would i not as at by from they we she he his her which who will an or but there their about should when where why could does did has had were been if so me a no',
  de: 'der die das und ist nicht ein eine einen einem einer ich du sie wir ihr es mit auf für von zu den dem des wie was kann mir mich sich auch an im in am als aber oder wenn dass daß man hat haben wird werden sind war bei nach über um aus noch nur so mein meine dein deine warum wo wer welche gibt soll bitte zum zur diese dieser kein keine',
  fr: 'le la les des du de un une et est que qui dans pour pas sur avec ce cette il elle je tu nous vous ils mon ma mes ton son sa ses au aux en ne se comment pourquoi quel quelle quels quelles sont être plus ou mais si par l d j c qu n s m à y a ont était peut fait faire votre notre leur moi où sans comme tout',
  es: 'el la los las de un una y es que en por para con no se del al lo su sus mi mis tu como cómo qué cuál cuáles quién dónde cuando cuándo está son fue ser pero más o si yo él ella nosotros este esta esto ese esa eso hay ha me te le puedo puede hacer sobre muy también sin porque a una entre todo',
  it: "il lo la i gli le di un uno una e è che in per con non si del della dei delle degli al alla ai alle nel nella sul sulla da dal dalla come cosa qual quale quali chi dove quando perché sono era essere ma più o se io lui lei noi mio mia tuo sua suo questo questa ho ha hai mi ti ci può puoi fare anche l d un c'è posso a",
  pt: 'o a os as de um uma e é que em por para com não se do da dos das no na nos nas ao à seu sua meu minha como qual quais quem onde quando está são foi ser mas mais ou eu ele ela nós você vocês este esta isso isto esse essa há me te lhe pode posso fazer sobre muito também sem porque pelo pela num numa foram eles até já',
}
const LATIN = Object.keys(FUNCTION_WORDS) as readonly LatinLanguage[]

/** Hash of a word to the languages that have it, a bit each. */
const WORDS: ReadonlyMap<number, number> = wordTable()

/** The language of a text by its beginning, or null where that is unclear. */
export function spokenLanguage(text: string): SpokenLanguage | null {
  const end = Math.min(text.length, BEGINNING)
  const found = new Int32Array(LATIN.length)
  let [latin, han, kana, hangul, arabic, devanagari, cyrillic] = [0, 0, 0, 0, 0, 0, 0]
  let foreign = false
  let word = 0
  for (let index = 0; index <= end; index++) {
    const unit = index < end ? lower(text.charCodeAt(index)) : 0
    if (isLatin(unit)) {
      latin++
      word = hashed(word, unit)
      continue
    }
    if (word !== 0) {
      // A word that the end of the beginning cuts may be another word's front.
      if (index < end || end === text.length) count(found, WORDS.get(word) ?? 0)
      word = 0
    }
    if (unit < 0x0400) continue
    if (unit < 0x0530) {
      cyrillic++
      foreign ||= UKRAINIAN.includes(unit)
    } else if (unit >= 0x0620 && unit < 0x0700) {
      arabic++
      foreign ||= PERSIAN.includes(unit)
    } else if (unit >= 0x0900 && unit < 0x0980) devanagari++
    else if (unit >= 0x3041 && unit < 0x3100) kana += 3
    else if ((unit >= 0x4e00 && unit < 0xa000) || (unit >= 0x3400 && unit < 0x4dc0)) han += 3
    else if (unit >= 0xac00 && unit < 0xd7a4) hangul += 3
  }
  const letters = latin + han + kana + hangul + arabic + devanagari + cyrillic
  const decides = (some: number): boolean => some >= LEAST_LETTERS && some >= SHARE_OF_LETTERS * letters
  if (decides(latin)) return byWords(found)
  if (decides(han + kana)) return kana >= SHARE_OF_KANA * (han + kana) ? 'ja' : 'zh'
  if (decides(hangul)) return 'ko'
  if (foreign) return null
  if (decides(arabic)) return 'ar'
  if (decides(devanagari)) return 'hi'
  return decides(cyrillic) ? 'ru' : null
}

/** і ї є ґ */
const UKRAINIAN: readonly number[] = [0x0456, 0x0457, 0x0454, 0x0491]
/** پ چ گ ی ک ے ں ٹ ڈ */
const PERSIAN: readonly number[] = [0x067e, 0x0686, 0x06af, 0x06cc, 0x06a9, 0x06d2, 0x06ba, 0x0679, 0x0688]

function byWords(found: Int32Array): SpokenLanguage | null {
  let [best, most, next] = [0, 0, 0]
  for (let index = 0; index < found.length; index++) {
    const some = found[index] ?? 0
    if (some > most) [best, most, next] = [index, some, most]
    else if (some > next) next = some
  }
  return most >= LEAST_WORDS && most >= AHEAD * next ? (LATIN[best] ?? null) : null
}

function count(found: Int32Array, languages: number): void {
  if (languages === 0) return
  for (let index = 0; index < found.length; index++) found[index] = (found[index] ?? 0) + ((languages >> index) & 1)
}

/** Of Latin letters up to U+00FF, and Cyrillic ones. */
function lower(unit: number): number {
  if (unit >= 0x41 && unit <= 0x5a) return unit + 0x20
  if (unit >= 0xc0 && unit <= 0xde && unit !== 0xd7) return unit + 0x20
  if (unit >= 0x0410 && unit < 0x0430) return unit + 0x20
  if (unit >= 0x0400 && unit < 0x0410) return unit + 0x50
  return unit
}

function isLatin(unit: number): boolean {
  return (unit >= 0x61 && unit <= 0x7a) || (unit >= 0xdf && unit <= 0x24f && unit !== 0xf7)
}

/** Never 0 after a letter in practice: 0 stands for no word. */
function hashed(word: number, unit: number): number {
  return (Math.imul(word, 0x01000193) ^ unit) | 0
}

function wordTable(): ReadonlyMap<number, number> {
  const table = new Map<number, number>()
  LATIN.forEach((language, bit) => {
    for (const word of new Set(FUNCTION_WORDS[language].split(/[ ']/))) {
      let hash = 0
      for (let index = 0; index < word.length; index++) hash = hashed(hash, word.charCodeAt(index))
      table.set(hash, (table.get(hash) ?? 0) | (1 << bit))
    }
  })
  return table
}
