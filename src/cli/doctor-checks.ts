/**
 * The examinations of `parapet doctor`, one function each.
 *
 * Keys and addresses with passwords are never printed; the upstream is asked for its models once, with a short deadline.
 */
import { mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { ParapetError } from '../spec/errors.ts'
import { fileProblem } from './exit.ts'
import { findPolicy } from './find-policy.ts'
import type { CliIo } from './io.ts'
import { DEFAULT_PORT, portFromEnvironment } from './port.ts'
import type { PolicyReport, Runtime } from './runtime.ts'
import { upstreamsFrom } from './serve-settings.ts'

export interface Finding {
  readonly name: string
  /** `note`: works, but worth knowing. */
  readonly status: 'ok' | 'note' | 'broken'
  readonly message: string
  readonly remedy?: string
}

const OLDEST: readonly [number, number] = [20, 19]
const UPSTREAM_MS = 5000

/** The version of Node.js. */
export function checkNode(version: string = process.versions.node): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const fits = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])
  if (fits) return { name: 'node', status: 'ok', message: `Node.js ${version}` }
  return {
    name: 'node',
    status: 'broken',
    message: `Node.js ${version} is too old`,
    remedy: `Install Node.js ${OLDEST.join('.')} or newer.`,
  }
}

/** Files of the package and of the models, by their hashes. */
export async function checkFiles(runtime: Runtime): Promise<readonly Finding[]> {
  const files = await runtime.examineFiles()
  return files.map(({ name, problem, detail }) =>
    problem === null
      ? { name, status: 'ok', message: detail }
      : { name, status: 'broken', message: problem, remedy: 'Install the package again: npm install parapet' },
  )
}

/** The classifier's deep tier. Without it the fast one decides alone, which is worth knowing but no defect. */
export async function checkDeepTier(runtime: Runtime): Promise<Finding> {
  const name = 'deep tier'
  const { bytes, runtime: kind, milliseconds, problem } = await runtime.examineDeepTier()
  if (problem !== null) {
    const remedy = 'Install the package again: npm install parapet. Until then: deep: off in the policy.'
    return { name, status: 'broken', message: problem, remedy }
  }
  if (bytes === null)
    return { name, status: 'note', message: 'models/deep.bin is not there: the classifier has its fast tier only' }
  const size = `${(bytes / 1024 / 1024).toFixed(1)} MB`
  if (kind === null) {
    const message = `${size}, but onnxruntime is missing: the classifier has its fast tier only`
    return { name, status: 'note', message, remedy: 'npm install onnxruntime-node' }
  }
  const time = milliseconds === null ? '' : `, ${milliseconds.toFixed(1)} ms for a text of 60 tokens`
  return { name, status: 'ok', message: `${size}, runs on onnxruntime-${kind}${time}` }
}

/** The policy in force here. */
export async function checkPolicy(
  io: CliIo,
  runtime: Runtime,
  option: string | undefined,
): Promise<{ readonly finding: Finding; readonly report: PolicyReport | null }> {
  try {
    const found = findPolicy(io, option)
    const report = await runtime.checkPolicy(found?.path ?? null)
    const place = found === null ? 'built in; parapet init writes one to edit' : `${found.path} (${found.origin})`
    if (report.issues.length > 0) {
      const message = `${place} has ${report.issues.length} mistake(s)`
      return {
        finding: { name: 'policy', status: 'broken', message, remedy: 'parapet policy check lists them.' },
        report,
      }
    }
    const count = report.warnings.length
    if (count === 0) return { finding: { name: 'policy', status: 'ok', message: place }, report }
    const message = `${place}, ${count} warning(s)`
    return { finding: { name: 'policy', status: 'note', message, remedy: 'parapet policy check lists them.' }, report }
  } catch (error) {
    if (!ParapetError.isInstance(error)) throw error
    return { finding: { name: 'policy', status: 'broken', message: error.message }, report: null }
  }
}

/** Guards whose model is a version of a folder of `parapet improve`: which one, or why there is none that can judge. */
export function checkVersions(report: PolicyReport | null): readonly Finding[] {
  const { issues = [], versions = [] } = report ?? {}
  const broken = issues.filter(({ key }) => /^guards\..+\.versions$/.test(key))
  return [
    ...versions.map(({ guard, version, folder, since }): Finding => {
      const when = since === null ? '' : `, current since ${since}`
      return { name: 'guard version', status: 'ok', message: `${guard} judges with ${version} of ${folder}${when}` }
    }),
    ...broken.map(({ message, remedy }): Finding => ({ name: 'guard version', status: 'broken', message, remedy })),
  ]
}

/** The key that reversible pseudonyms need. */
export function checkVault(io: CliIo, report: PolicyReport | null): readonly Finding[] {
  if (report?.pseudonyms !== true) return []
  if ((io.env['PARAPET_VAULT_KEY'] ?? '') !== '') {
    return [{ name: 'vault key', status: 'ok', message: 'PARAPET_VAULT_KEY is set' }]
  }
  const message = 'the policy uses reversible pseudonyms, but PARAPET_VAULT_KEY is not set'
  const remedy =
    'Set it to 32 random bytes in base64, for example: export PARAPET_VAULT_KEY="$(openssl rand -base64 32)"'
  return [{ name: 'vault key', status: 'broken', message, remedy }]
}

/** Whether `serve` could listen. A port in use is a note: it may be Parapet itself. */
export async function checkPort(io: CliIo, option: number | undefined): Promise<readonly Finding[]> {
  let port: number
  try {
    port = option ?? portFromEnvironment(io.env) ?? DEFAULT_PORT
  } catch (error) {
    if (!ParapetError.isInstance(error)) throw error
    return [{ name: 'port', status: 'broken', message: error.message }]
  }
  if (port === 0) return [{ name: 'port', status: 'ok', message: 'a free one is taken' }]
  const problem = await tryListen(port)
  if (problem === null) return [{ name: 'port', status: 'ok', message: `${port} is free` }]
  if (problem === 'EADDRINUSE') {
    const remedy = 'If that is not Parapet, give serve another --port (0 takes a free one).'
    return [{ name: 'port', status: 'note', message: `${port} is in use`, remedy }]
  }
  const remedy = 'Give serve another --port; ports below 1024 often need permission.'
  return [{ name: 'port', status: 'broken', message: `cannot listen on ${port} (${problem})`, remedy }]
}

function tryListen(port: number): Promise<string | null> {
  return new Promise((done) => {
    const server = createServer()
    server.once('error', (error) => done('code' in error ? String(error.code) : 'failed'))
    server.listen(port, '127.0.0.1', () => server.close(() => done(null)))
  })
}

/** Whether the data folder can be written and nobody else reads it. */
export async function checkData(io: CliIo, folder: string): Promise<Finding> {
  const name = 'data folder'
  const path = resolve(io.cwd, folder)
  const existed = (await stat(path).catch(() => null)) !== null
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
    const probe = join(path, `.doctor-${process.pid}`)
    await writeFile(probe, '')
    await rm(probe)
    const { mode } = await stat(path)
    if (!existed) await rm(path, { recursive: true })
    if ((mode & 0o077) === 0 || process.platform === 'win32')
      return { name, status: 'ok', message: `${path} is writable` }
    const message = `${path} can be read by other users`
    return { name, status: 'note', message, remedy: `chmod 700 ${path}` }
  } catch (error) {
    const message = `cannot write to ${path}: ${fileProblem(error)}`
    return { name, status: 'broken', message, remedy: 'Repair that, or give --data-dir another folder.' }
  }
}

/** Whether the model servers answer. Nothing is asked when none is configured. */
export async function checkUpstreams(io: CliIo, option: unknown): Promise<readonly Finding[]> {
  try {
    const upstreams = Object.entries(upstreamsFrom(option, io.env))
    return await Promise.all(
      upstreams.map(([name, upstream]) =>
        checkUpstream(upstreams.length === 1 ? 'upstream' : `upstream ${name}`, upstream),
      ),
    )
  } catch (error) {
    if (!ParapetError.isInstance(error)) throw error
    return [{ name: 'upstream', status: 'broken', message: error.message }]
  }
}

async function checkUpstream(
  name: string,
  { url: base, apiKey }: { readonly url: string; readonly apiKey?: string },
): Promise<Finding> {
  const url = new URL(`${base.replace(/\/$/, '')}/models`)
  const shown = `${url.origin}${url.pathname}`
  try {
    const response = await fetch(url, {
      headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` },
      signal: AbortSignal.timeout(UPSTREAM_MS),
      redirect: 'manual',
    })
    await response.body?.cancel()
    if (response.ok) return { name, status: 'ok', message: `${shown} answers` }
    if (response.status === 401 || response.status === 403) {
      const remedy = 'Set PARAPET_UPSTREAM_KEY (or PARAPET_UPSTREAM_KEY_NAME) to a key that it accepts.'
      return { name, status: 'broken', message: `${shown} answers ${response.status}: the key is not accepted`, remedy }
    }
    const remedy = 'It answers, but lists no models there; check that the URL ends where /chat/completions begins.'
    return { name, status: 'note', message: `${shown} answers ${response.status}`, remedy }
  } catch {
    const remedy = 'Start it, or correct --upstream or PARAPET_UPSTREAM.'
    return { name, status: 'broken', message: `${shown} cannot be reached`, remedy }
  }
}

/** Optional packages: installed or not, and what each is for. Missing ones are no defect. */
export async function checkPeers(runtime: Runtime): Promise<readonly Finding[]> {
  const peers = await runtime.examinePeers()
  return peers.map(({ name, purpose, version }) => ({
    name,
    status: version === null ? 'note' : 'ok',
    message: version === null ? `not installed (optional): ${purpose}` : `${version}: ${purpose}`,
  }))
}
