/**
 * Harmless documents that lie on this machine: the README and change log of every installed package, and manual pages in every
 * language that is installed.
 *
 * They differ from machine to machine, so the numbers of documents are printed beside every figure made of them.
 */
import { readFileSync, readdirSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { createRandom } from '../../src/nn/random.ts'
import { plainManualPage } from './manual-page.ts'

export interface Documents {
  readonly source: string
  readonly language: string
  readonly texts: readonly string[]
}

const LONGEST = 2000
/** Shorter ones are stubs that point elsewhere. */
const SHORTEST = 200
/** Pages of one language. */
const PAGES = 60
const MANUALS = '/usr/share/man'
const PACKAGES = ['../../node_modules', '../node_modules'].map((path) => fileURLToPath(new URL(path, import.meta.url)))

/** All documents found, without duplicates; those of manuals are drawn by the seed. */
export function localDocuments(seed: number): readonly Documents[] {
  const seen = new Set<string>()
  return [packageDocuments(), ...manualPages(seed)]
    .map((documents) => ({ ...documents, texts: documents.texts.filter((text) => isNew(seen, text)) }))
    .filter(({ texts }) => texts.length > 0)
}

function isNew(seen: Set<string>, text: string): boolean {
  return text.length >= SHORTEST && seen.size < seen.add(text).size
}

function packageDocuments(): Documents {
  const texts = PACKAGES.filter((folder) => existsSync(folder)).flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => /(?:^|\/)(?:readme|changelog)\.md$/i.test(path))
      .toSorted()
      .map((path) => readFileSync(join(folder, path), 'utf8').slice(0, LONGEST)),
  )
  return { source: 'README and CHANGELOG of packages', language: 'mostly en', texts }
}

function manualPages(seed: number): readonly Documents[] {
  if (!existsSync(MANUALS)) return []
  const entries = readdirSync(MANUALS).toSorted()
  const sections = entries.filter((entry) => /^man\d$/.test(entry))
  const languages = entries.filter((entry) => /^[a-z]{2}(?:_[A-Z]{2})?$/.test(entry))
  return [
    ...languages.map((language) => pagesOf(language, pathsUnder(join(MANUALS, language)), seed)),
    pagesOf(
      'en',
      sections.flatMap((section) => pathsUnder(join(MANUALS, section))),
      seed,
    ),
  ]
}

function pathsUnder(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.gz'))
    .toSorted()
    .map((path) => join(folder, path))
}

function pagesOf(language: string, paths: readonly string[], seed: number): Documents {
  const random = createRandom(seed)
  const drawn = paths.map((path) => ({ path, order: random() })).toSorted((left, right) => left.order - right.order)
  const texts: string[] = []
  for (const { path } of drawn) {
    if (texts.length === PAGES) break
    const text = existsSync(path) ? plainManualPage(gunzipSync(readFileSync(path)).toString('utf8')) : ''
    // A page in another encoding than UTF-8 is not what its reader sees.
    if (text.length >= SHORTEST && !text.includes('\uFFFD')) texts.push(text.slice(0, LONGEST))
  }
  return { source: 'manual pages', language, texts }
}
