/**
 * The examinations of `parapet doctor` that are about a deployment: the gateway that runs on the data folder, its keys, its store,
 * the spill file, room on the disk. They only look; nothing is started or changed.
 */
import { readdir, stat, statfs } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { ParapetError } from '../spec/errors.ts'
import type { Finding } from './doctor-checks.ts'
import { readGatewayFile } from './gateway-file.ts'
import type { CliIo } from './io.ts'
import { KEY_FILE, readKeys } from './keys-command.ts'
import type { Runtime } from './runtime.ts'
import { storeFrom } from './serve-settings.ts'

const ANSWER_MS = 3000
/** Less than this and a busy gateway is soon in trouble, bytes. */
const LITTLE_ROOM = 512 * 1024 * 1024
const SHORTEST_KEY = 24

/** Everything about a deployment, in the order in which it should be repaired. */
export async function checkDeployment(
  io: CliIo,
  runtime: Runtime,
  options: {
    readonly dataDir: string
    readonly store: string | undefined
    /** Of the policy as it lies here; null where it has mistakes. */
    readonly policyVersion: string | null
  },
): Promise<readonly Finding[]> {
  const dataDir = resolve(io.cwd, options.dataDir)
  return [
    await checkDisk(dataDir),
    ...(await checkKeys(io, dataDir)),
    await checkStore(io, runtime, options.store),
    ...(await checkSpill(dataDir)),
    ...(await checkRunning(dataDir, runtime, options.policyVersion)),
  ]
}

async function checkDisk(dataDir: string): Promise<Finding> {
  const name = 'disk'
  const folder = (await stat(dataDir).catch(() => null)) === null ? resolve(dataDir, '..') : dataDir
  const room = await statfs(folder).catch(() => null)
  if (room === null) return { name, status: 'note', message: 'the free room could not be read' }
  const free = room.bavail * room.bsize
  const message = `${(free / 1024 ** 3).toFixed(1)} GiB free for the data folder`
  if (free >= LITTLE_ROOM) return { name, status: 'ok', message }
  return { name, status: 'broken', message, remedy: 'Make room, shorten record.retention, or use a store elsewhere.' }
}

async function checkKeys(io: CliIo, dataDir: string): Promise<readonly Finding[]> {
  const name = 'API keys'
  let stored: Awaited<ReturnType<typeof readKeys>>
  try {
    stored = await readKeys(dataDir)
  } catch (error) {
    if (!ParapetError.isInstance(error)) throw error
    return [{ name, status: 'broken', message: error.message }]
  }
  const named = ['PARAPET_API_KEYS', 'PARAPET_OPERATOR_KEYS'].flatMap((variable) =>
    (io.env[variable] ?? '').split(',').filter((key) => key.trim() !== ''),
  )
  const count = stored.length + named.length
  if (count === 0) {
    const remedy = 'Before others may reach it: parapet keys add NAME.'
    return [{ name, status: 'note', message: 'none: the gateway answers this machine only', remedy }]
  }
  const findings: Finding[] = [{ name, status: 'ok', message: `${count} in force` }]
  if (named.some((key) => key.trim().length < SHORTEST_KEY)) {
    const message = `a key in the environment is shorter than ${SHORTEST_KEY} characters and could be guessed`
    findings.push({ name, status: 'note', message, remedy: 'Use a long random one: parapet keys add NAME makes it.' })
  }
  const operator = stored.some(({ role }) => role === 'operator') || (io.env['PARAPET_OPERATOR_KEYS'] ?? '') !== ''
  if (!operator) {
    const message = 'no key has the role operator: only commands on this machine can review and export'
    findings.push({ name, status: 'note', message, remedy: 'parapet keys add NAME --operator' })
  }
  const file = await stat(join(dataDir, KEY_FILE)).catch(() => null)
  if (file !== null && (file.mode & 0o077) !== 0 && process.platform !== 'win32') {
    findings.push({ name, status: 'note', message: `${KEY_FILE} can be read by other users`, remedy: 'chmod 600 it' })
  }
  return findings
}

async function checkStore(io: CliIo, runtime: Runtime, option: string | undefined): Promise<Finding> {
  const name = 'store'
  try {
    const store = storeFrom(option ?? (io.env['PARAPET_STORE'] === '' ? undefined : io.env['PARAPET_STORE']))
    if (store === 'none') {
      return { name, status: 'note', message: 'decisions are not kept', remedy: 'Leave --store out to keep them.' }
    }
    // The embedded one belongs to the running gateway; opening it here would be the second process that it refuses.
    if (store === 'embedded') return { name, status: 'ok', message: 'embedded, in the data folder' }
    return { name, status: 'ok', message: await runtime.pingStore(store) }
  } catch (error) {
    if (!ParapetError.isInstance(error)) throw error
    const remedy = 'Start the server, or correct PARAPET_STORE; records wait in the spill file meanwhile.'
    return { name, status: 'broken', message: error.message, remedy }
  }
}

async function checkSpill(dataDir: string): Promise<readonly Finding[]> {
  const folder = join(dataDir, 'spill')
  const names = await readdir(folder).catch(() => [])
  const sizes = await Promise.all(
    names.map(async (name) => (await stat(join(folder, name)).catch(() => null))?.size ?? 0),
  )
  const size = sizes.reduce((sum, bytes) => sum + bytes, 0)
  if (size === 0) return []
  const message = `${(size / 1024).toFixed(0)} KiB of records wait in the spill file`
  const remedy = 'The gateway writes them to the store as soon as that takes them; see the store above.'
  return [{ name: 'spill', status: 'note', message, remedy }]
}

async function checkRunning(
  dataDir: string,
  runtime: Runtime,
  policyVersion: string | null,
): Promise<readonly Finding[]> {
  const name = 'gateway'
  const place = await readGatewayFile(dataDir)
  if (place === null) return [{ name, status: 'note', message: 'none runs on this data folder' }]
  const health = await ask(place.url, '/healthz')
  if (health === null) {
    const message = `it says it listens on ${place.url} (process ${place.pid}), but does not answer there`
    return [{ name, status: 'broken', message, remedy: 'Look at its log; if the process is gone, start it again.' }]
  }
  const { version } = health.body
  const findings: Finding[] = [{ name, status: 'ok', message: `answers on ${place.url}, version ${String(version)}` }]
  if (version !== runtime.version) {
    const message = `it runs version ${String(version)}, installed is ${runtime.version}`
    findings.push({ name, status: 'note', message, remedy: 'Restart it to use what is installed.' })
  }
  const ready = await ask(place.url, '/readyz')
  if (ready === null || ready.status !== 200) {
    const remedy = 'It is draining, or has only just begun; ask again.'
    findings.push({ name, status: 'broken', message: 'it lives but takes no requests', remedy })
  } else if (ready.body['store'] === 'unreachable') {
    const remedy = 'Look at the store; new records wait in the spill file, and requests are refused once that is full.'
    findings.push({ name, status: 'broken', message: 'its store takes no records', remedy })
  }
  const judging = ready?.body['policyVersion']
  if (typeof judging === 'string' && judging !== policyVersion) {
    const here = policyVersion === null ? 'cannot be used' : `is version ${policyVersion}`
    const message = `it judges under policy version ${judging}; the policy here ${here}`
    const remedy =
      'It takes a change within seconds; if this stays, its log says why, or it was started with another policy.'
    findings.push({ name, status: 'note', message, remedy })
  }
  return findings
}

async function ask(
  url: string,
  path: string,
): Promise<{ readonly status: number; readonly body: Readonly<Record<string, unknown>> } | null> {
  try {
    const response = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(ANSWER_MS), redirect: 'manual' })
    const body: unknown = await response.json()
    return typeof body === 'object' && body !== null ? { status: response.status, body: { ...body } } : null
  } catch {
    return null
  }
}
