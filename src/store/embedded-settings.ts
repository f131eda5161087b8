/**
 * How the embedded PostgreSQL (PGlite) is opened: durable, and as small as a gateway needs. Runs in the worker and in the process
 * that makes a new database; nothing here is used on the main thread.
 *
 * PGlite's bridge to Node's file system leaves `fsync` out, so that PostgreSQL believes a commit to be on disk when it is in the
 * page cache. It is put in here: a commit survives the loss of power, not only of the process.
 */
import { closeSync, fsyncSync, openSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import type { PGlite } from '@electric-sql/pglite'
import { ParapetError } from '../spec/errors.ts'

/** Settings of the server, each measured: the defaults are for machines that do nothing else. */
const SETTINGS: readonly string[] = [
  'shared_buffers=4MB',
  'wal_buffers=256kB',
  'max_connections=2',
  'temp_buffers=1MB',
  'work_mem=1MB',
  'maintenance_work_mem=4MB',
  'max_locks_per_transaction=16',
  'jit=off',
  // The only method PGlite hands on to the file system.
  'wal_sync_method=fsync',
  // What has to be read again after a crash, and so the start after one.
  'max_wal_size=16MB',
  'min_wal_size=4MB',
]

/** Write-ahead log in pieces of 1 MB: a new piece is written in full, and 16 MB at once would be felt. */
const NEW_DATABASE: readonly string[] = ['--wal-segsize=1', '--encoding=UTF8', '--locale=C']

/** The parts of Emscripten's file system used here. */
interface Emscripten {
  readonly NODEFS: { readonly stream_ops: { fsync?: (stream: { readonly nfd: number }) => number } }
}

/** Opens the database in a folder, and makes one there when there is none. */
export async function openPglite(folder: string): Promise<PGlite> {
  // Optimised machine code of a database that is mostly idle costs 40 MB and saves it a fifth of its time. The flag is the whole
  // process's, so it is put back as soon as PGlite is compiled: the HTTP parser of the upstream client is WebAssembly too.
  setFlagsFromString('--liftoff-only')
  try {
    return await open(folder)
  } finally {
    setFlagsFromString('--no-liftoff-only')
  }
}

async function open(folder: string): Promise<PGlite> {
  const { PGlite, NodeFS } = await loadPglite()
  class DurableFiles extends NodeFS {
    override async init(
      ...parameters: Parameters<InstanceType<typeof NodeFS>['init']>
    ): ReturnType<InstanceType<typeof NodeFS>['init']> {
      const { emscriptenOpts } = await super.init(...parameters)
      const addSync = (module: unknown): void => {
        ;(module as Emscripten).NODEFS.stream_ops.fsync = ({ nfd }) => (fsyncSync(nfd), 0)
      }
      return { emscriptenOpts: { ...emscriptenOpts, preRun: [...(emscriptenOpts.preRun as []), addSync] } }
    }
  }
  const database = new PGlite({
    fs: new DurableFiles(folder),
    initDbStartParams: [...NEW_DATABASE],
    startParams: [
      ...PGlite.defaultStartParams.filter((parameter) => parameter !== '-F'),
      ...SETTINGS.flatMap((setting) => ['-c', setting]),
    ],
  })
  await database.waitReady
  return database
}

async function loadPglite(): Promise<{
  PGlite: typeof import('@electric-sql/pglite').PGlite
  NodeFS: typeof import('@electric-sql/pglite/nodefs').NodeFS
}> {
  try {
    const [{ PGlite }, { NodeFS }] = await Promise.all([
      import('@electric-sql/pglite'),
      import('@electric-sql/pglite/nodefs'),
    ])
    return { PGlite, NodeFS }
  } catch (cause) {
    const message = 'The embedded store could not be loaded. Install @electric-sql/pglite, or give a PostgreSQL URL.'
    throw new ParapetError('engine_unavailable', message, { cause })
  }
}

/** Sees to it that what a file or folder holds is on disk. */
export function syncPath(path: string): void {
  const handle = openSync(path, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
