/**
 * Neutral prose to make ordinary answers of: what words mean, from the files of WordNet, and paragraphs of the Apache HTTP Server's manual
 * in a dozen languages. Both come as Debian packages (`wordnet-base`, `apache2-doc`); LICENCES.md beside this file has their terms.
 *
 * It reads local files and keeps nothing of them.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { ParapetError } from '../../../spec/index.ts'

export interface Passage {
  /** ISO 639-1. */
  readonly lang: string
  /** What it is about, as a user would name it; empty where nothing says so. */
  readonly topic: string
  readonly text: string
  /** Where it comes from, as a record's `source` names it. */
  readonly source: string
  readonly licence: string
}

const PARTS = ['noun', 'verb', 'adj', 'adv'] as const
/** What is said of words that hurt people is no ordinary answer. */
const RUDE = /offensive|slur|disparag|obscene|vulgar|derogat|contempt/i

/** Meanings with an example sentence, in the order of the files. Throws `configuration` where `folder` is not WordNet's. */
export function wordNetPassages(folder: string): readonly Passage[] {
  return PARTS.flatMap((part) =>
    readText(join(folder, `data.${part}`), 'Install wordnet-base, or give the folder of WordNet.')
      .split('\n')
      .flatMap((line) => glossOf(line, part)),
  )
}

function glossOf(line: string, part: (typeof PARTS)[number]): readonly Passage[] {
  const bar = line.indexOf('| ')
  if (line.startsWith(' ') || bar < 0) return []
  const gloss = line.slice(bar + 2).trim()
  if (RUDE.test(gloss)) return []
  const word = (line.split(' ')[4] ?? '').replaceAll('_', ' ').replace(/\(\w+\)$/, '')
  const [meaning = '', ...rest] = gloss.split('; "')
  const example = rest[0]?.replace(/"[^"]*$/, '') ?? ''
  if (meaning.length < 12) return []
  const common = { lang: 'en', topic: word, source: 'wordnet', licence: 'WordNet-3.0' }
  const said = part === 'verb' ? `To ${word} means to ${meaning}.` : `${capital(word)}: ${meaning}.`
  return [{ ...common, text: example === '' ? said : `${said} ${closed(example)}` }]
}

/** Paragraphs of the manual's pages, `lang` being the folder they stand in. Throws `configuration` where there is none. */
export function manualPassages(folder: string): readonly Passage[] {
  if (!existsSync(folder))
    throw new ParapetError('configuration', `${folder} is no folder. Install apache2-doc, or give that of its manual.`)
  const languages = readdirSync(folder).filter((name) => /^[a-z]{2}(?:-[a-z]{2})?$/.test(name))
  return languages.toSorted().flatMap((name) =>
    readdirSync(join(folder, name), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.html'))
      .toSorted()
      .flatMap((path) => pageOf(join(folder, name, path), name.slice(0, 2))),
  )
}

/** Pages that nobody has translated stand in every folder in English, and some are older than UTF-8. */
function pageOf(path: string, lang: string): readonly Passage[] {
  const bytes = readBytes(path, 'Check its rights.')
  const head = bytes.subarray(0, 1000).toString('latin1')
  if (/<html[^>]* lang="([a-z]{2})/.exec(head)?.[1] !== lang) return []
  const charset = /encoding="([\w-]+)"/.exec(head)?.[1] ?? /charset=([\w-]+)/.exec(head)?.[1] ?? 'utf-8'
  return paragraphsOf(new TextDecoder(charset).decode(bytes), lang)
}

/** Lists of links, and the notice at the foot of every page. */
const NO_PROSE = / \| |Copyright/
/** Shorter ones are labels and links. */
const SHORTEST = { spaced: 80, unspaced: 30 } as const
const LONGEST = 1200
const UNSPACED: ReadonlySet<string> = new Set(['zh', 'ja'])

function paragraphsOf(html: string, lang: string): readonly Passage[] {
  const topic = plain(/<title>([^<]*)<\/title>/.exec(html)?.[1] ?? '').replace(/ - .*Apache.*$/, '')
  return [...html.matchAll(/<p(?: [^>]*)?>([^]*?)<\/p>/g)]
    .map(([, inner = '']) => plain(inner))
    .filter((text) => !NO_PROSE.test(text))
    .filter(({ length }) => length >= SHORTEST[UNSPACED.has(lang) ? 'unspaced' : 'spaced'] && length <= LONGEST)
    .map((text) => ({ lang, topic, text, source: 'apache2-doc', licence: 'Apache-2.0' }))
}

const ENTITIES: Readonly<Record<string, string>> = {
  ...{ lt: '<', gt: '>', amp: '&', quot: '"', nbsp: ' ', laquo: '«', raquo: '»', szlig: 'ß' },
  ...{ iquest: '¿', iexcl: '¡', mdash: '—', ndash: '–', ccedil: 'ç', Ccedil: 'Ç', oelig: 'œ', rsquo: '’', hellip: '…' },
}
/** `&eacute;` is an e with this mark. */
const MARKS: Readonly<Record<string, string>> = {
  ...{ grave: '\u0300', acute: '\u0301', circ: '\u0302', tilde: '\u0303', uml: '\u0308' },
}

function plain(html: string): string {
  return html
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/&([A-Za-z])(grave|acute|circ|tilde|uml);/g, (_whole, letter: string, mark: string) =>
      `${letter}${MARKS[mark] ?? ''}`.normalize('NFC'),
    )
    .replaceAll(/&(\w+);/g, (whole, name: string) => ENTITIES[name] ?? whole)
    .replaceAll(/&#(\d+);/g, (_whole, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll(/\s+/g, ' ')
    .trim()
}

const readText = (path: string, remedy: string): string => readBytes(path, remedy).toString('utf8')

function readBytes(path: string, remedy: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new ParapetError('configuration', `${path} cannot be read. ${remedy}`, { cause })
  }
}

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** Ends a sentence that has no end. */
export const closed = (text: string): string => capital(/[.!?]$/.test(text) ? text : `${text}.`)
