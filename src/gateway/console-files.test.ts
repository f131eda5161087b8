import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import fc from 'fast-check'
import { createConsoleFiles } from './console-files.ts'

let root: string
let folder: string

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'parapet-console-'))
  folder = join(root, 'console')
  mkdirSync(join(folder, 'console'), { recursive: true })
  writeFileSync(join(root, 'secret.html'), 'outside')
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>Parapet</title>')
  writeFileSync(join(folder, 'console', 'index-DUR5WNlT.css'), 'body{}')
  writeFileSync(join(folder, 'console', 'index-CcbfMcBh.js'), 'void 0')
  writeFileSync(join(folder, 'console', 'icon-D08DQ6cZ.svg'), '<svg/>')
  writeFileSync(join(folder, 'console', 'plain.js'), 'void 0')
  writeFileSync(join(folder, 'console', 'notes.bin'), 'x')
  symlinkSync(join(root, 'secret.html'), join(folder, 'console', 'link.html'))
})

afterAll(() => rmSync(root, { recursive: true }))

test.each([
  ['/', 'text/html; charset=utf-8', 'no-cache'],
  ['/console/index-DUR5WNlT.css', 'text/css; charset=utf-8', 'public, max-age=31536000, immutable'],
  ['/console/index-CcbfMcBh.js', 'text/javascript; charset=utf-8', 'public, max-age=31536000, immutable'],
  ['/console/icon-D08DQ6cZ.svg', 'image/svg+xml', 'public, max-age=31536000, immutable'],
  ['/console/plain.js', 'text/javascript; charset=utf-8', 'no-cache'],
])('%s is served as %s, %s', (path, type, cache) => {
  const file = createConsoleFiles(folder).find(path)
  expect(file?.headers).toMatchObject({
    'content-type': type,
    'cache-control': cache,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  })
  expect(file?.body.byteLength).toBeGreaterThan(0)
})

test('the content security policy allows the page its own files and gateway, and nothing else', () => {
  const policy = createConsoleFiles(folder).find('/')?.headers['content-security-policy'] ?? ''
  expect(policy.split('; ')).toEqual([
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ])
})

test('what is not part of the build is not there: other types, links, paths out of the folder', () => {
  const files = createConsoleFiles(folder)
  for (const path of [
    '',
    '/index.html',
    '/console',
    '/console/',
    '/console/notes.bin',
    '/console/link.html',
    '/../secret.html',
    '/console/../../secret.html',
    '/console/%2e%2e/%2e%2e/secret.html',
    '//',
    String.raw`/console\..\..\secret.html`,
    '/console/index-CcbfMcBh.js\0.html',
    '__proto__',
    'constructor',
  ]) {
    expect(files.find(path), path).toBeNull()
  }
})

test('no path finds anything but the five files', () => {
  const files = createConsoleFiles(folder)
  const known = [
    '/',
    '/console/plain.js',
    '/console/index-DUR5WNlT.css',
    '/console/index-CcbfMcBh.js',
    '/console/icon-D08DQ6cZ.svg',
  ]
  const part = fc.constantFrom('..', '.', 'console', 'secret.html', 'index.html', 'plain.js', '%2e%2e', '')
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      const path = `/${parts.join('/')}`
      expect(files.find(path) !== null).toBe(known.includes(path))
    }),
  )
})

test('the folder is read once: what is put there later is not served, what is taken away still is', () => {
  const files = createConsoleFiles(folder)
  expect(files.find('/')).not.toBeNull()
  const late = join(folder, 'console', 'late-AAAAAAAA.js')
  writeFileSync(late, 'void 0')
  expect(files.find('/console/late-AAAAAAAA.js')).toBeNull()
  rmSync(late)
  const before = createConsoleFiles(folder)
  const extra = join(folder, 'console', 'more-AAAAAAAA.js')
  writeFileSync(extra, 'void 0')
  expect(before.find('/console/more-AAAAAAAA.js')).not.toBeNull()
  rmSync(extra)
  expect(before.find('/console/more-AAAAAAAA.js')).not.toBeNull()
})

test('without a build nothing is found, and half a build is none', () => {
  expect(createConsoleFiles(join(root, 'nowhere')).find('/')).toBeNull()
  const half = join(root, 'half')
  mkdirSync(half, { recursive: true })
  writeFileSync(join(half, 'index-DUR5WNlT.css'), 'body{}')
  expect(createConsoleFiles(half).find('/index-DUR5WNlT.css')).toBeNull()
})
