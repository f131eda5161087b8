/**
 * Harmless documents that Debian ships under permissive licences, as rows to learn from: manuals and message catalogues in many
 * languages.
 *
 * Nothing of what the bench draws its harmless documents from is read: no manual page, no README and no change log; of the manuals,
 * pages that also exist as manual pages are left out. A package that is not installed gives nothing.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRandom } from '../../../nn/random.ts'
import type { TrainingRecord } from '../../train/records.ts'
import { readCatalog } from './gettext-catalog.ts'
import { plainPage } from './plain-page.ts'

/** What of a package is read. */
export interface DocumentSource {
  /** The Debian package. */
  readonly package: string
  readonly licence: string
  /** Below the root. */
  readonly folder: string
  /** Paths below the folder, with `/` between their parts, that are read. */
  readonly path: RegExp
  readonly kind: 'page' | 'plain' | 'catalogue'
  /** Two letters, from the path. */
  readonly language: (path: string) => string
}

const inEnglish = (): string => 'en'

export const SOURCES: readonly DocumentSource[] = [
  {
    ...{ package: 'apache2-doc', licence: 'Apache-2.0', folder: 'usr/share/doc/apache2-doc/manual', kind: 'page' },
    // Pages on programs are the manual pages of apache2.
    path: /^[a-z]{2}(?:-[a-z]{2})?\/(?!programs\/).*\.html$/,
    language: (path) => path.slice(0, 2),
  },
  {
    // The English pages of PostgreSQL are manual pages too; its translated messages stand nowhere else.
    ...{ package: 'postgresql-15', licence: 'PostgreSQL', folder: 'usr/share/locale', kind: 'catalogue' },
    path: /^(?!en)[a-z]{2}(?:_[A-Z]{2})?\/LC_MESSAGES\/(?:initdb|libpq5|p[gl][a-z_]*|postgres|psql)-15\.mo$/,
    language: (path) => path.slice(0, 2),
  },
  {
    ...{ package: 'python3.11-doc', licence: 'PSF-2.0', folder: 'usr/share/doc/python3.11/html', kind: 'page' },
    path: /^(?:faq|howto|tutorial|library|reference|installing|using)\/.*\.html$/,
    language: inEnglish,
  },
  {
    ...{ package: 'nodejs', licence: 'MIT', folder: 'usr/share/doc/nodejs', kind: 'plain' },
    path: /^(?:api|contributing)\/.*\.md$/,
    language: inEnglish,
  },
]

/** Characters of a document. */
const LONGEST = 2500
const SHORTEST = 200
/** Documents of one source and language. */
const MOST = 150
/** Messages of a catalogue in one document. */
const MESSAGES = 12

/** Rows of all sources that are installed below `root`; drawn by the seed. */
export function* packageDocuments(root: string, seed: number): Generator<TrainingRecord, void, undefined> {
  for (const source of SOURCES) {
    const documents = new Map<string, { readonly path: string; readonly text: string }[]>()
    for (const path of pathsOf(join(root, source.folder), source.path)) {
      const language = source.language(path)
      const texts = textsOf(source, join(root, source.folder, path), language)
      documents.set(language, [...(documents.get(language) ?? []), ...texts.map((text) => ({ path, text }))])
    }
    for (const [language, all] of [...documents].toSorted(([left], [right]) => (left < right ? -1 : 1)))
      for (const { path, text } of drawn(all, seed)) yield rowOf(source, language, path, text)
  }
}

function pathsOf(folder: string, wanted: RegExp): readonly string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => wanted.test(path))
    .toSorted()
}

function textsOf({ kind }: DocumentSource, path: string, language: string): readonly string[] {
  const bytes = readFileSync(path)
  if (kind === 'catalogue') return groupsOf(readCatalog(bytes, path))
  const text = bytes.toString('utf8')
  // Pages without a translation stand in the folder of the language in English.
  const said = /<html\b[^>]*\slang="([a-z]{2})/.exec(text)?.[1]
  if (kind === 'page' && said !== undefined && said !== language) return []
  return piecesOf(kind === 'page' ? plainPage(text) : text)
}

/** Pieces of a page that end with a line. */
function piecesOf(text: string): readonly string[] {
  const pieces: string[] = []
  for (let from = 0; from < text.length;) {
    const line = text.lastIndexOf('\n', from + LONGEST)
    const to = from + LONGEST >= text.length ? text.length : line > from ? line : from + LONGEST
    pieces.push(text.slice(from, to).trim())
    from = Math.max(to, from + 1)
  }
  return pieces.filter((piece) => piece.length >= SHORTEST)
}

function groupsOf(messages: readonly string[]): readonly string[] {
  const groups: string[] = []
  for (let from = 0; from < messages.length; from += MESSAGES)
    groups.push(
      messages
        .slice(from, from + MESSAGES)
        .join('\n')
        .slice(0, LONGEST)
        .trim(),
    )
  return groups.filter((group) => group.length >= SHORTEST)
}

/** At most so many, none twice, in a random order. */
function drawn<Found extends { readonly text: string }>(all: readonly Found[], seed: number): readonly Found[] {
  const random = createRandom(seed)
  const distinct = [...new Map(all.map((one) => [one.text, one])).values()]
  return distinct
    .map((one) => ({ one, order: random() }))
    .toSorted((left, right) => left.order - right.order)
    .slice(0, MOST)
    .map(({ one }) => one)
}

function rowOf({ package: name, licence }: DocumentSource, lang: string, path: string, prompt: string): TrainingRecord {
  return {
    ...{ task: 'injection', lang, prompt, response: null, system: null, label: 0, licence },
    categories: ['indirect', 'clean_context', name],
    source: `debian/${name}:${path}`,
  }
}
