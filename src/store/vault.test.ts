/** The vault: one table a conversation, nothing readable at rest, forgetting. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ParapetError } from '../spec/errors.ts'
import { createKeyedHash, createVault } from './vault.ts'

const KEY = Buffer.alloc(32, 7).toString('base64')
const ANNA = { application: 'shop', user: 'anna', conversation: 'c1' }

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    return ParapetError.isInstance(error) ? `${error.code}: ${error.message}` : 'another error'
  }
  return 'no error'
}

describe('pseudonyms', () => {
  test('the same value gets the same pseudonym, another value the next one', () => {
    const vault = createVault({ key: KEY })
    expect(vault.pseudonym('email', 'anna@example.com', ANNA)).toBe('<EMAIL_1>')
    expect(vault.pseudonym('email', 'bob@example.com', ANNA)).toBe('<EMAIL_2>')
    expect(vault.pseudonym('email', 'anna@example.com', ANNA)).toBe('<EMAIL_1>')
    expect(vault.pseudonym('us_ssn', '123-45-6789', ANNA)).toBe('<US_SSN_1>')
    expect(vault.reveal('<EMAIL_2>', ANNA)).toBe('bob@example.com')
    expect(vault.reveal('<EMAIL_3>', ANNA)).toBeNull()
  })

  test('no other conversation, user, application or key can reveal it', () => {
    const vault = createVault({ key: KEY })
    vault.pseudonym('email', 'anna@example.com', ANNA)
    for (const other of [
      { ...ANNA, conversation: 'c2' },
      { ...ANNA, user: 'eve' },
      { ...ANNA, application: 'x' },
      { ...ANNA, key: 'k' },
    ]) {
      expect(vault.reveal('<EMAIL_1>', other)).toBeNull()
    }
    // Borders between the parts of a caller cannot be shifted.
    expect(vault.reveal('<EMAIL_1>', { application: 'shopanna', conversation: 'c1' })).toBeNull()
  })

  test('without a conversation nothing is kept', () => {
    const vault = createVault({ key: KEY })
    const pseudonym = vault.pseudonym('email', 'anna@example.com', { user: 'anna' })
    expect(pseudonym).toMatch(/^<EMAIL_[0-9A-F]{8}>$/)
    expect(vault.reveal(pseudonym, { user: 'anna' })).toBeNull()
  })

  test('any text comes back unchanged', () => {
    const vault = createVault({ key: KEY })
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (value, conversation) => {
        const pseudonym = vault.pseudonym('name', value, { conversation })
        expect(vault.reveal(pseudonym, { conversation })).toBe(value)
      }),
    )
  })

  test('a table is forgotten after its time, counted from its last use', () => {
    let now = 0
    const vault = createVault({ key: KEY, ttl: 100, clock: () => now })
    vault.pseudonym('email', 'anna@example.com', ANNA)
    now = 90
    vault.pseudonym('email', 'bob@example.com', ANNA)
    now = 180
    expect(vault.reveal('<EMAIL_1>', ANNA)).toBe('anna@example.com')
    now = 190
    expect(vault.reveal('<EMAIL_1>', ANNA)).toBeNull()
    vault.pseudonym('email', 'carl@example.com', ANNA)
    vault.forget(ANNA)
    expect(vault.reveal('<EMAIL_1>', ANNA)).toBeNull()
  })
})

describe('secrecy', () => {
  test('neither inspection nor JSON shows anything', () => {
    const vault = createVault({ key: KEY })
    vault.pseudonym('email', 'anna@example.com', ANNA)
    const shown = `${inspect(vault, { depth: 9, showHidden: true })}${JSON.stringify({ vault })}`
    expect(shown).not.toMatch(/anna|example|EMAIL/)
  })

  test('a missing or short key is named with its remedy', () => {
    expect(codeOf(() => createVault({ key: '' }))).toMatch(
      /^vault_key_missing: .*openssl rand -base64 32.*PARAPET_VAULT_KEY/,
    )
    expect(codeOf(() => createVault({ key: 'abcd' }))).toMatch(/^vault_key_missing: .*32 bytes/)
    expect(codeOf(() => createVault({ key: '07'.repeat(32) }))).toBe('no error')
  })

  test('the keyed hash depends on key, kind and value', () => {
    const hash = createKeyedHash(KEY)
    expect(hash('email', 'a@b.de')).toMatch(/^[0-9a-f]{64}$/)
    expect(hash('email', 'a@b.de')).toBe(createKeyedHash(KEY)('email', 'a@b.de'))
    expect(
      new Set([
        hash('email', 'a'),
        hash('phone', 'a'),
        hash('email', 'b'),
        createKeyedHash('07'.repeat(31) + '08')('email', 'a'),
      ]).size,
    ).toBe(4)
  })
})

describe('file', () => {
  test('tables outlive the process; the file shows no value and no caller', () => {
    const folder = mkdtempSync(join(tmpdir(), 'vault-'))
    const file = join(folder, 'vault.json')
    const first = createVault({ key: KEY, file })
    first.pseudonym('email', 'anna@example.com', ANNA)
    first.close()
    expect(readdirSync(folder)).toEqual(['vault.json'])
    expect(readFileSync(file, 'utf8')).not.toMatch(/anna|example|shop|c1"/)
    const second = createVault({ key: KEY, file })
    expect(second.reveal('<EMAIL_1>', ANNA)).toBe('anna@example.com')
    expect(second.pseudonym('email', 'bob@example.com', ANNA)).toBe('<EMAIL_2>')
    second.close()
    expect(codeOf(() => createVault({ key: '08'.repeat(32), file }))).toMatch(/^configuration: .*another key/)
    writeFileSync(file, '{"half')
    expect(codeOf(() => createVault({ key: KEY, file }))).toMatch(/^configuration: .*damaged/)
    rmSync(folder, { recursive: true })
  })

  test('a value moved to another conversation in the file is not revealed', () => {
    const folder = mkdtempSync(join(tmpdir(), 'vault-'))
    const file = join(folder, 'vault.json')
    const vault = createVault({ key: KEY, file })
    vault.pseudonym('email', 'anna@example.com', ANNA)
    vault.pseudonym('email', 'eve@example.com', { ...ANNA, user: 'eve' })
    vault.close()
    const stored = JSON.parse(readFileSync(file, 'utf8'))
    stored.tables[1].entries = stored.tables[0].entries
    writeFileSync(file, JSON.stringify(stored))
    expect(createVault({ key: KEY, file }).reveal('<EMAIL_1>', { ...ANNA, user: 'eve' })).toBeNull()
    rmSync(folder, { recursive: true })
  })
})
