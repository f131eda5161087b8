/**
 * Changes to the surface of a row that leave its label as it is: case, spacing, look-alike letters, typing errors, emoji, quotes and
 * harmless words around it. Rates do not depend on the label.
 *
 * It never cuts a text: cutting could remove what the label stands for. Harmless parts are shortened where they are composed.
 */
import type { TrainingRecord } from '../train/records.ts'
import { toLeet } from './encode.ts'
import { PHRASES } from './phrases/index.ts'
import type { SynthLanguage } from './phrases/phrases.ts'
import { inventName } from './rows.ts'
import { between, fillTemplate, pick, type Random } from './template.ts'

/** Changes a text; `lang` is any language tag, and an unknown one means that no words are added. */
export type Transform = (text: string, random: Random, lang: string) => string

/** Cyrillic and Greek letters that look like Latin ones. */
const LOOK_ALIKES: Readonly<Record<string, string>> = {
  a: 'а',
  c: 'с',
  e: 'е',
  i: 'і',
  o: 'о',
  p: 'р',
  x: 'х',
  y: 'у',
  A: 'А',
  B: 'В',
  E: 'Е',
  H: 'Н',
  K: 'К',
  M: 'М',
  O: 'О',
  P: 'Р',
  T: 'Т',
  X: 'Х',
  v: 'ν',
}
const ZERO_WIDTH = ['\u200B', '\u200C', '\u200D', '\u2060', '\uFEFF']
const EMOJI = ['🙂', '😅', '🙏', '✨', '🚀', '👍', '❗', '🤔', '🎉', '🔥']
const QUOTES: readonly (readonly [string, string])[] = [
  ['"', '"'],
  ['“', '”'],
  ['«', '»'],
  ['「', '」'],
  ["'", "'"],
  ['> ', ''],
  ['```\n', '\n```'],
]
const FRAMES: readonly ((text: string) => string)[] = [
  (text) => `Q: ${text}\nA:`,
  (text) => `### Input\n${text}\n### Output`,
  (text) => `{"text": ${JSON.stringify(text)}}`,
  (text) => `<text>${text}</text>`,
  (text) => `Re: ${text}`,
  (text) => `1) ${text}`,
]

/** Applies `change` to about `rate` of the characters (code points; a lone surrogate counts as one). */
function perCharacter(text: string, random: Random, rate: number, change: (character: string) => string): string {
  return Array.from(text, (character) => (random() < rate ? change(character) : character)).join('')
}

function swapNeighbours(text: string, random: Random): string {
  const characters = Array.from(text)
  for (let at = 0; at + 1 < characters.length; at++)
    if (random() < 0.03 && characters[at] !== '\n' && characters[at + 1] !== '\n') {
      const [first = '', second = ''] = characters.slice(at, at + 2)
      characters.splice(at, 2, second, first)
      at++
    }
  return characters.join('')
}

function harmlessSentence(lang: string, random: Random): string {
  const phrases = PHRASES[lang as SynthLanguage] as (typeof PHRASES)[SynthLanguage] | undefined
  if (phrases === undefined) return ''
  const list = pick([phrases.openers, phrases.fillers, phrases.closers], random)
  return fillTemplate(pick(list, random), random, phrases.slots, { name: inventName(random) })
}

export type TransformName =
  | 'upperCase'
  | 'lowerCase'
  | 'randomCase'
  | 'noPunctuation'
  | 'doublePunctuation'
  | 'extraSpaces'
  | 'lineBreaks'
  | 'noSpaces'
  | 'leet'
  | 'lookAlikes'
  | 'typingErrors'
  | 'repeatedLetters'
  | 'zeroWidth'
  | 'noAccents'
  | 'emoji'
  | 'quotes'
  | 'frame'
  | 'prefix'
  | 'suffix'

export const TRANSFORMS: Readonly<Record<TransformName, Transform>> = {
  upperCase: (text) => text.toUpperCase(),
  lowerCase: (text) => text.toLowerCase(),
  randomCase: (text, random) =>
    perCharacter(text, random, 0.4, (character) =>
      character === character.toLowerCase() ? character.toUpperCase() : character.toLowerCase(),
    ),
  noPunctuation: (text) => text.replaceAll(/[.,!?;:。、，！？؟।]/g, ''),
  doublePunctuation: (text, random) => text.replaceAll(/[.!?。！？؟।]/g, (mark) => mark.repeat(between(2, 4, random))),
  extraSpaces: (text, random) => text.replaceAll(' ', () => ' '.repeat(random() < 0.2 ? between(2, 4, random) : 1)),
  lineBreaks: (text, random) => text.replaceAll(' ', () => (random() < 0.08 ? '\n' : ' ')),
  noSpaces: (text, random) => text.replaceAll(' ', () => (random() < 0.1 ? '' : ' ')),
  leet: (text, random) => perCharacter(text, random, 0.5, toLeet),
  lookAlikes: (text, random) => perCharacter(text, random, 0.3, (character) => LOOK_ALIKES[character] ?? character),
  typingErrors: (text, random) =>
    swapNeighbours(
      perCharacter(text, random, 0.015, () => ''),
      random,
    ),
  repeatedLetters: (text, random) =>
    perCharacter(text, random, 0.03, (character) =>
      /\p{L}/u.test(character) ? character.repeat(between(2, 4, random)) : character,
    ),
  zeroWidth: (text, random) => perCharacter(text, random, 0.1, (character) => character + pick(ZERO_WIDTH, random)),
  noAccents: (text) =>
    text
      .normalize('NFD')
      .replaceAll(/[\u0300-\u036F]/g, '')
      .normalize('NFC'),
  emoji: (text, random) =>
    `${text.replaceAll(/[.!?。！？] ?/g, (mark) => (random() < 0.3 ? `${mark}${pick(EMOJI, random)} ` : mark))} ${pick(EMOJI, random)}`,
  quotes: (text, random) => {
    const [open, close] = pick(QUOTES, random)
    return `${open}${text}${close}`
  },
  frame: (text, random) => pick(FRAMES, random)(text),
  prefix: (text, random, lang) => `${harmlessSentence(lang, random)} ${text}`.trimStart(),
  suffix: (text, random, lang) => `${text} ${harmlessSentence(lang, random)}`.trimEnd(),
}

/** Relative rates: what people do often comes often. */
export const TRANSFORM_WEIGHTS: Readonly<Record<TransformName, number>> = {
  upperCase: 1,
  lowerCase: 4,
  randomCase: 0.5,
  noPunctuation: 2,
  doublePunctuation: 1,
  extraSpaces: 1,
  lineBreaks: 1,
  noSpaces: 0.7,
  leet: 0.7,
  lookAlikes: 0.7,
  typingErrors: 3,
  repeatedLetters: 0.7,
  zeroWidth: 0.7,
  noAccents: 0.7,
  emoji: 1.5,
  quotes: 1,
  frame: 1,
  prefix: 2,
  suffix: 2,
}

export interface AugmentOptions {
  readonly random: Random
  /** Relative rate of each transform; those not named keep their own. Zero switches one off. */
  readonly weights?: Partial<Readonly<Record<TransformName, number>>>
  /** Chance of a second transform on top. */
  readonly second?: number
}

/**
 * The row with one transform (sometimes two) applied to the text that its label is about: the response of `refusal` and
 * `response_harm` rows, else the prompt. The transform's name joins the categories.
 */
export function augmentRow(
  row: TrainingRecord,
  { random, weights = {}, second = 0.15 }: AugmentOptions,
): TrainingRecord {
  const names = [pickTransform(random, weights), ...(random() < second ? [pickTransform(random, weights)] : [])]
  const change = (text: string): string =>
    names.reduce((changed, name) => TRANSFORMS[name](changed, random, row.lang), text)
  const categories = [...row.categories, ...names.map((name) => `augment:${name}`)]
  const judgesResponse = (row.task === 'refusal' || row.task === 'response_harm') && row.response !== null
  return judgesResponse
    ? { ...row, response: change(row.response), categories }
    : { ...row, prompt: change(row.prompt), categories }
}

function pickTransform(random: Random, weights: Partial<Readonly<Record<TransformName, number>>>): TransformName {
  const all = Object.entries({ ...TRANSFORM_WEIGHTS, ...weights }) as [TransformName, number][]
  let rest = random() * all.reduce((sum, [, weight]) => sum + weight, 0)
  for (const [name, weight] of all) {
    rest -= weight
    if (rest < 0) return name
  }
  return 'lowerCase'
}
