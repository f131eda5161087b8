/**
 * `parapet keys`: API keys of the gateway, kept as hashes in the data folder. A running gateway takes a change within a second.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { KeyDefinition, StoredKey } from '../gateway/index.ts'
import { formatKeyFile, makeKey, parseKeyFile } from '../gateway/index.ts'
import { EXIT_OK, fileProblem, usageError } from './exit.ts'
import type { CliIo } from './io.ts'
import { createPaint, printable } from './terminal.ts'

/** Name of the file in the data folder. */
export const KEY_FILE = 'keys.json'

/** Keys of a data folder; none when there is no file. */
export async function readKeys(dataDir: string): Promise<readonly StoredKey[]> {
  const path = join(dataDir, KEY_FILE)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw usageError(`cannot read ${path}: ${fileProblem(error)}.`, error)
  }
  return parseKeyFile(text, path)
}

export async function runKeysAdd(io: CliIo, name: string, options: Readonly<Record<string, unknown>>): Promise<number> {
  const dataDir = folderOf(io, options)
  const keys = await readKeys(dataDir)
  if (keys.some((key) => key.name === name)) {
    throw usageError(`there is a key named ${name} already. Revoke it first, or choose another name.`)
  }
  const { key, entry } = makeKey(definitionOf(name, options), Date.now())
  await writeKeys(dataDir, [...keys, entry])
  // Only the key itself on standard output, so that it can be piped into a secret store.
  await io.stdout.write(`${key}\n`)
  await io.stderr.write('This is the only time the key is shown. Its hash is in the data folder.\n')
  return EXIT_OK
}

export async function runKeysList(io: CliIo, options: Readonly<Record<string, unknown>>): Promise<number> {
  const keys = await readKeys(folderOf(io, options))
  if (options['json'] === true) {
    await io.stdout.write(`${JSON.stringify(keys.map(({ sha256: _hash, ...rest }) => rest))}\n`)
    return EXIT_OK
  }
  const paint = createPaint(io.stdout.colours)
  if (keys.length === 0) await io.stdout.write('no keys; parapet keys add NAME makes one\n')
  for (const key of keys) {
    const { name, role = 'caller', created, application, user, requestsPerMinute, concurrency, upstream } = key
    const limits = [
      ...(application === undefined ? [] : [`application ${application}`]),
      ...(user === undefined ? [] : [`user ${user}`]),
      ...(requestsPerMinute === undefined ? [] : [`${requestsPerMinute} requests a minute`]),
      ...(concurrency === undefined ? [] : [`${concurrency} at a time`]),
      ...(upstream === undefined ? [] : [`upstream ${upstream}`]),
    ].join(', ')
    await io.stdout.write(
      `${name.padEnd(20)} ${role.padEnd(9)} ${created.slice(0, 10)}  ${paint('dim', printable(limits))}\n`,
    )
  }
  return EXIT_OK
}

export async function runKeysRevoke(
  io: CliIo,
  name: string,
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const dataDir = folderOf(io, options)
  const keys = await readKeys(dataDir)
  const left = keys.filter((key) => key.name !== name)
  if (left.length === keys.length) throw usageError(`there is no key named ${name}. parapet keys list shows them.`)
  await writeKeys(dataDir, left)
  await io.stdout.write(`revoked ${name}\n`)
  return EXIT_OK
}

async function writeKeys(dataDir: string, keys: readonly StoredKey[]): Promise<void> {
  const path = join(dataDir, KEY_FILE)
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 })
    await writeFile(`${path}.${process.pid}`, formatKeyFile(keys), { mode: 0o600 })
    await rename(`${path}.${process.pid}`, path)
  } catch (error) {
    throw usageError(`cannot write ${path}: ${fileProblem(error)}. Choose another --data-dir.`, error)
  }
}

function folderOf(io: CliIo, options: Readonly<Record<string, unknown>>): string {
  const { dataDir } = options
  return resolve(io.cwd, typeof dataDir === 'string' ? dataDir : '.parapet')
}

function definitionOf(name: string, options: Readonly<Record<string, unknown>>): Omit<KeyDefinition, 'key' | 'sha256'> {
  const { application, user, requestsPerMinute, concurrency, upstream } = options
  return {
    name,
    ...(options['operator'] === true ? { role: 'operator' as const } : {}),
    ...(typeof application === 'string' ? { application } : {}),
    ...(typeof user === 'string' ? { user } : {}),
    ...(typeof requestsPerMinute === 'number' ? { requestsPerMinute } : {}),
    ...(typeof concurrency === 'number' ? { concurrency } : {}),
    ...(typeof upstream === 'string' ? { upstream } : {}),
  }
}
