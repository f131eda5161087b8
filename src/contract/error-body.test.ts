import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ERROR_CODES } from '../spec/index.ts'
import { ERROR_STATUS, ERROR_TYPE } from './error-body.ts'

const page = readFileSync(new URL('../../docs/reference/errors.md', import.meta.url), 'utf8')
const rows = [...page.matchAll(/^\| `(\w+)` \| \(?(\d{3})[^|]*\| `(\w+)` \| ([^|]+) \|$/gm)].map(
  ([, code, status, type, remedy]) => ({ code, status: Number(status), type, remedy }),
)

test('the page lists exactly the codes there are, with their statuses and types', () => {
  expect(rows.map(({ code }) => code).sort()).toEqual(Object.keys(ERROR_CODES).sort())
  for (const { code, status, type, remedy } of rows) {
    expect({ code, status, type }).toEqual({
      code,
      status: ERROR_STATUS[code as keyof typeof ERROR_STATUS],
      type: ERROR_TYPE[code as keyof typeof ERROR_TYPE],
    })
    expect(remedy?.trim().length).toBeGreaterThan(20)
  }
})

test('blocked, refused, held, failed, timed out and upstream trouble have types of their own', () => {
  for (const code of [
    'content_filter',
    'refused',
    'held',
    'guard_failed',
    'guard_timeout',
    'upstream_error',
    'upstream_timeout',
  ] as const) {
    expect(ERROR_TYPE[code]).toBe(code)
  }
})
