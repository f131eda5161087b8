/** Documents of packages, from a root with a few invented ones. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readCatalog } from './gettext-catalog.ts'
import { plainPage } from './plain-page.ts'
import { packageDocuments } from './sources.ts'

/** A catalogue as gettext writes it, of pairs. */
function catalogue(pairs: readonly (readonly [string, string])[]): Uint8Array {
  const all = [['', 'Content-Type: text/plain; charset=UTF-8\n'] as const, ...pairs]
  const head = 28
  const strings = head + 16 * all.length
  const file = Buffer.alloc(strings)
  const header = [0x950412de, 0, all.length, head, head + 8 * all.length, 0, strings]
  header.forEach((value, index) => file.writeUInt32LE(value, 4 * index))
  const bodies: Buffer[] = []
  let at = strings
  for (const side of [0, 1] as const)
    all.forEach((pair, index) => {
      const body = Buffer.from(`${pair[side]}\0`)
      const place = head + 8 * (side * all.length + index)
      file.writeUInt32LE(body.length - 1, place)
      file.writeUInt32LE(at, place + 4)
      bodies.push(body)
      at += body.length
    })
  return Buffer.concat([file, ...bodies])
}

describe('a message catalogue', () => {
  test('gives its translations, plural forms one by one, without the header', () => {
    const bytes = catalogue([
      ['file', 'Datei'],
      ['%d file\0%d files', '%d Datei\0%d Dateien'],
    ])
    expect(readCatalog(bytes, 'x.mo')).toEqual(['Datei', '%d Datei', '%d Dateien'])
  })

  test.each([
    ['empty', new Uint8Array()],
    ['of another kind', new TextEncoder().encode('this is a text and no catalogue at all')],
    ['cut short', catalogue([['file', 'Datei']]).subarray(0, 60)],
  ])('that is %s is refused with what to do', (_what, bytes) => {
    expect(() => readCatalog(bytes, 'x.mo')).toThrow(/x\.mo.*Install its package again/)
  })
})

test('a page becomes its running text', () => {
  const html = `<html><head><title>x</title></head><body><script>var a</script><h1>Roses</h1>
    <p>They need <b>sun</b> &amp; water,
    &#8222;always&#x201c;.</p><!-- gone --><ul><li>One</li><li>Two &unknown;</li></ul></body></html>`
  expect(plainPage(html)).toBe('Roses\nThey need sun & water, „always“.\nOne\nTwo &unknown;')
})

describe('documents of packages', () => {
  let root: string
  beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'parapet-debian-'))))
  afterEach(() => rmSync(root, { recursive: true }))

  const put = (path: string, content: string | Uint8Array): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
  }
  const page = (language: string, word: string): string =>
    `<html lang="${language}"><body>${`<p>${word} stehen im Garten.</p>`.repeat(20)}</body></html>`

  test('have the language and the licence of their source; pages of programs, untranslated ones and stubs are left out', () => {
    put('usr/share/doc/apache2-doc/manual/de/rosen.html', page('de', 'Rosen'))
    put('usr/share/doc/apache2-doc/manual/de/programs/tulpen.html', page('de', 'Tulpen'))
    put('usr/share/doc/apache2-doc/manual/fr/lis.html', page('en', 'Lilies'))
    put('usr/share/doc/apache2-doc/manual/de/stub.html', '<p>Siehe dort.</p>')
    put(
      'usr/share/locale/cs/LC_MESSAGES/psql-15.mo',
      catalogue(Array.from({ length: 30 }, (_, at) => [`${at}`, `V zahradě roste ${at} růží u zdi.`] as const)),
    )
    put('usr/share/locale/cs/LC_MESSAGES/bash.mo', catalogue([['a', 'b'.repeat(400)]]))
    const rows = [...packageDocuments(root, 1)]
    expect(rows.map(({ lang, licence, categories }) => [lang, licence, categories.at(-1)])).toEqual([
      ['de', 'Apache-2.0', 'apache2-doc'],
      ['cs', 'PostgreSQL', 'postgresql-15'],
      ['cs', 'PostgreSQL', 'postgresql-15'],
    ])
    expect(rows[0]?.prompt).toMatch(/^Rosen stehen im Garten\.\nRosen/)
    expect(rows.every(({ task, label, prompt }) => task === 'injection' && label === 0 && prompt.length <= 2500)).toBe(
      true,
    )
    expect([...packageDocuments(root, 1)]).toEqual(rows)
  })

  test('are none where nothing is installed', () => {
    expect([...packageDocuments(root, 1)]).toEqual([])
  })
})
