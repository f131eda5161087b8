/**
 * A PostgreSQL server of a test's own, on a socket in a folder of its own, run by an account that is not root (it refuses to be).
 */
import type { ChildProcess } from 'node:child_process'
import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Folder of the server's programs, or null when none is installed. */
export function findPostgres(): string | null {
  const installed = '/usr/lib/postgresql'
  const versions = existsSync(installed) ? readdirSync(installed) : []
  const folders = [
    process.env['PARAPET_TEST_POSTGRES'] ?? '',
    ...versions.toSorted((left, right) => Number(right) - Number(left)).map((version) => `${installed}/${version}/bin`),
    '/opt/homebrew/bin',
    '/usr/local/bin',
    '/usr/bin',
  ]
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres'))) ?? null
}

export interface PostgresServer {
  /** URL of a database with this name, which is made when it is not there. */
  url(database: string): string
  start(): Promise<void>
  /** Ends it as a power cut would. */
  kill(): Promise<void>
  remove(): Promise<void>
}

const NOBODY = 65_534

/** @param fsync commits are on disk; tests do without, since they cut no power */
export async function startPostgres(programs: string, fsync = false): Promise<PostgresServer> {
  const root = process.getuid?.() === 0
  const as = root ? { uid: NOBODY, gid: NOBODY } : {}
  const folder = mkdtempSync(join(tmpdir(), 'parapet-pg-'))
  chmodSync(folder, 0o755)
  if (root) chownSync(folder, NOBODY, NOBODY)
  const data = join(folder, 'data')
  const environment = { ...process.env, LC_ALL: 'C.UTF-8', TZ: 'UTC' }
  execFileSync(join(programs, 'initdb'), ['-D', data, '-U', 'parapet', '-A', 'trust', '-E', 'UTF8', '--no-sync'], {
    ...as,
    env: environment,
    stdio: 'ignore',
    cwd: folder,
  })
  let child: ChildProcess | null = null
  const run = (sql: string): string =>
    execFileSync(join(programs, 'psql'), ['-h', folder, '-U', 'parapet', '-d', 'postgres', '-tAc', sql], {
      ...as,
      env: environment,
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  const server: PostgresServer = {
    url(database) {
      if (run(`select 1 from pg_database where datname = '${database}'`).trim() === '')
        run(`create database ${database}`)
      return `postgres:///${database}?host=${encodeURIComponent(folder)}&user=parapet`
    },
    async start() {
      child = spawn(
        join(programs, 'postgres'),
        [
          '-D',
          data,
          '-k',
          folder,
          '-c',
          'listen_addresses=',
          '-c',
          `fsync=${fsync ? 'on' : 'off'}`,
          '-c',
          'max_connections=40',
        ],
        { ...as, env: environment, stdio: 'ignore', cwd: folder },
      )
      for (let tries = 0; ; tries += 1) {
        try {
          run('select 1')
          return
        } catch (cause) {
          if (tries >= 200) throw cause
          await new Promise((resolve) => setTimeout(resolve, 50))
        }
      }
    },
    async kill() {
      const running = child
      if (running === null || running.exitCode !== null) return
      // Its children end when they find that it has gone; SIGQUIT tells them at once, and nothing is written any more.
      await new Promise((resolve) => {
        running.once('exit', resolve)
        running.kill('SIGQUIT')
      })
      child = null
    },
    async remove() {
      await server.kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  await server.start()
  return server
}
