/** The layer table of the house, compared with what each layer's tsconfig references and with what its files import. */
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const source = fileURLToPath(new URL('../src', import.meta.url))

const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  spec: [],
  core: ['spec'],
  nn: ['spec'],
  guards: ['spec', 'core', 'nn'],
  routing: ['spec', 'core'],
  engines: ['spec', 'nn'],
  store: ['spec'],
  contract: ['spec'],
  testing: ['spec'],
  gateway: ['spec', 'core', 'contract'],
  integrations: ['spec', 'core'],
  telemetry: ['spec'],
  compose: ['spec', 'core', 'nn', 'guards', 'routing', 'engines', 'store', 'contract', 'gateway'],
  lab: ['spec', 'core', 'nn', 'guards', 'routing', 'engines'],
  console: ['contract'],
  cli: ['spec', 'core', 'contract', 'compose', 'gateway', 'lab', 'telemetry'],
}
/** Layers that run anywhere and import no package; a few guards lean on one library, named here. */
const NO_PACKAGES = ['spec', 'core', 'nn', 'testing']
/** The folders in them that do, each when first asked: onnxruntime (an optional peer) and the language detector, tokenizers, matrices. */
const PACKAGES_IN = ['runtime', 'tokenizer', 'linear-algebra'].map((folder) => join('nn', folder))
/** Longest files allowed, in lines. */
const LINES: Readonly<Record<string, number>> = { nn: 800, lab: 800 }

const layers = readdirSync(source, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
const files = layers.flatMap((layer) =>
  readdirSync(join(source, layer), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file) && !/\.test\.tsx?$/.test(file))
    .map((file) => ({ layer, path: join(source, layer, file), text: readFileSync(join(source, layer, file), 'utf8') })),
)

function imports(text: string): readonly string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].flatMap((match) => match[1] ?? [])
}

test('the walk found the house', () => {
  expect(layers.toSorted()).toEqual(Object.keys(MAY_IMPORT).toSorted())
  expect(files.length).toBeGreaterThan(100)
})

test.each(layers)('%s references exactly the layers it may import', (layer) => {
  const config = JSON.parse(readFileSync(join(source, layer, 'tsconfig.json'), 'utf8')) as {
    references: { path: string }[]
  }
  expect(config.references.map(({ path }) => path.replace('../', '')).toSorted()).toEqual(MAY_IMPORT[layer]?.toSorted())
})

test.each(layers)('%s imports only what it may', (layer) => {
  const wrong = files
    .filter((file) => file.layer === layer)
    .flatMap(({ path, text }) =>
      imports(text).flatMap((specifier) => {
        const file = relative(source, path)
        const at = `${file} → ${specifier}`
        if (!specifier.startsWith('.')) {
          const forbidden = NO_PACKAGES.includes(layer) && !PACKAGES_IN.includes(dirname(file))
          return forbidden || specifier.startsWith('parapet') ? [at] : []
        }
        const target = relative(source, resolve(dirname(path), specifier)).split(sep)[0] ?? ''
        return target === layer || MAY_IMPORT[layer]?.includes(target) ? [] : [at]
      }),
    )
  expect(wrong).toEqual([])
})

test('rooms without Node have no Node import', () => {
  const wrong = files.filter(
    ({ layer, text }) =>
      ['spec', 'core', 'nn', 'guards', 'routing', 'testing'].includes(layer) && /from 'node:/.test(text),
  )
  expect(wrong.map(({ path }) => relative(source, path))).toEqual([])
})

test('files stay whole and small', () => {
  const long = files.flatMap(({ layer, path, text }) => {
    const lines = text.split('\n').length
    return lines > (LINES[layer] ?? 400) ? [`${relative(source, path)}: ${lines}`] : []
  })
  expect(long).toEqual([])
})

test('no file is named after nothing', () => {
  expect(files.filter(({ path }) => /(?:utils?|helpers?|misc|common)\b/.test(relative(source, path)))).toEqual([])
})

test('every file says what it is', () => {
  expect(files.filter(({ text }) => !/^(#!.*\n)?\/\*\*/.test(text)).map(({ path }) => relative(source, path))).toEqual(
    [],
  )
})
