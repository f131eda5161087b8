/**
 * The servers that are compared, each a process of its own on the first core; the model server and the load generator share the
 * second one.
 */
import type { ChildProcess } from 'node:child_process'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Target } from './client.ts'
import { Connection } from './client.ts'
import { requestBody } from './texts.ts'

const SERVER_CORE = '0'
const LOAD_CORE = '1'
/** Milliseconds a server may take to come up. */
const START = 20_000
/** Kernel ticks a second, in which /proc counts processor time. */
const TICKS = 100

/** A server under load. */
export interface Contender {
  readonly name: string
  readonly target: Target
  /** Processor time used so far, all threads, milliseconds; null where /proc does not tell. */
  cpu(): number | null
  /** Resident memory, megabytes. */
  rss(): number | null
  close(): Promise<void>
}

const canPin = spawnSync('taskset', ['--version']).status === 0

/** Puts this process on the core of the load generator. Says what could not be done. */
export function pinSelf(): string | null {
  if (!canPin) return 'taskset is missing: nothing is pinned, so the figures are of all cores together.'
  const done = spawnSync('taskset', ['-a', '-c', '-p', LOAD_CORE, String(process.pid)])
  return done.status === 0 ? null : 'There is no second core: server and load generator share one.'
}

/** The model server. */
export async function startUpstream(): Promise<Contender> {
  const file = fileURLToPath(new URL('./upstream.ts', import.meta.url))
  const child = start(LOAD_CORE, [...process.execArgv, file], process.cwd(), {})
  const port = Number(await firstLine(child, /^(\d+)$/m))
  return contender('direct', child, { port, headers: {} })
}

/** Portkey's gateway as it is shipped: no guards, no cache, no plug-ins called. */
export async function startPortkey(upstream: number): Promise<Contender> {
  const file = fileURLToPath(new URL('../node_modules/@portkey-ai/gateway/build/start-server.js', import.meta.url))
  if (!existsSync(file)) throw new Error('Install the rivals first: npm ci --prefix bench --ignore-scripts')
  const port = await freePort()
  // Without a terminal it skips its banner; headless leaves out its log page, which is to its advantage.
  const child = start(SERVER_CORE, [file, `--port=${port}`, '--headless'], process.cwd(), { NODE_ENV: 'production' })
  const headers = {
    'x-portkey-provider': 'openai',
    'x-portkey-custom-host': `http://127.0.0.1:${upstream}/v1`,
    authorization: 'Bearer bench',
  }
  return contender('Portkey, no guards', child, { port, headers })
}

/** Parapet as `parapet serve` starts it. Without a policy file: the built-in policy, all guards. */
export async function startParapet(
  name: string,
  upstream: number,
  options: { readonly dist: string; readonly folder: string; readonly policy?: string; readonly store?: string },
): Promise<Contender> {
  const main = join(options.dist, 'cli/main.js')
  if (!existsSync(main)) throw new Error(`There is no build in ${options.dist}. Run npm run build, or give --dist.`)
  const policy = options.policy === undefined ? [] : ['--policy', options.policy]
  const store = options.store === undefined ? [] : ['--store', options.store]
  const upstreamUrl = `http://127.0.0.1:${upstream}/v1`
  const args = [
    main,
    'serve',
    '--port',
    '0',
    '--upstream',
    upstreamUrl,
    '--data-dir',
    join(options.folder, 'data'),
    ...policy,
    ...store,
  ]
  const child = start(SERVER_CORE, args, options.folder, {
    PARAPET_POLICY: '',
    PARAPET_API_KEYS: '',
    NODE_ENV: 'production',
  })
  const url = await firstLine(child, /^Parapet listening on (\S+)$/m)
  return contender(name, child, { port: Number(new URL(url).port), headers: {} })
}

async function contender(name: string, child: ChildProcess, target: Target): Promise<Contender> {
  const pid = child.pid ?? 0
  const running: Contender = {
    name,
    target,
    cpu: () => cpuOf(pid),
    rss: () => rssOf(pid),
    close: () => stop(child),
  }
  await answersOnce(running)
  return running
}

function start(
  core: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): ChildProcess {
  const command = canPin ? ['taskset', '-c', core, process.execPath, ...args] : [process.execPath, ...args]
  const [file = '', ...rest] = command
  const child = spawn(file, rest, { cwd, env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'inherit'] })
  // Nobody reads on: a full pipe must not stop the server.
  child.stdout?.on('data', () => undefined)
  process.once('exit', () => child.kill('SIGKILL'))
  return child
}

function firstLine(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let seen = ''
    const timer = setTimeout(() => reject(new Error(`A server did not start: ${seen.slice(0, 500)}`)), START)
    child.once('exit', (code) => reject(new Error(`A server ended with ${code}: ${seen.slice(0, 500)}`)))
    child.stdout?.on('data', (chunk: Buffer) => {
      if (seen.length > 10_000) return
      seen += chunk.toString('utf8')
      const found = pattern.exec(seen)?.[1]
      if (found === undefined) return
      clearTimeout(timer)
      resolve(found)
    })
  })
}

async function answersOnce({ name, target }: Contender): Promise<void> {
  const deadline = performance.now() + START
  let last = 'nothing'
  while (performance.now() < deadline) {
    const connection = new Connection(target)
    const answer = await connection.post(requestBody(0, 'whole', false)).catch((error: Error) => error.message)
    connection.close()
    if (typeof answer !== 'string' && answer.status === 200) return
    last = typeof answer === 'string' ? answer : `${answer.status} ${answer.body.slice(0, 300)}`
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`${name} does not answer: ${last}`)
}

/** User and system time of the process and its threads. */
function cpuOf(pid: number): number | null {
  const fields = read(`/proc/${pid}/stat`)?.split(') ').at(-1)?.split(' ')
  return fields === undefined ? null : ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS
}

function rssOf(pid: number): number | null {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(read(`/proc/${pid}/status`) ?? '')?.[1]
  return kilobytes === undefined ? null : Number(kilobytes) / 1024
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resolve()
      return
    }
    const timer = setTimeout(() => child.kill('SIGKILL'), 3000)
    child.once('exit', () => (clearTimeout(timer), resolve()))
    child.kill('SIGTERM')
    child.stdin?.end()
  })
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })
}
