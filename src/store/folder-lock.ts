/**
 * One process at a time uses a data folder: two of them lose rows.
 *
 * Locks are files with rising numbers, and the highest holds. A number is never used twice and only its owner lets it go, so whoever
 * finds the highest abandoned may create the next one, and of several who do, one succeeds. An owner on the same machine (and in the
 * same container) is judged by its process: gone, or another one under its number, and the lock is free at once. One elsewhere cannot
 * be seen, so its file is watched: owners touch theirs every two seconds.
 *
 * Taking a lock that is free blocks for a millisecond instead of waiting its turn: at a start everything else would go first.
 */
import { randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { readdir, rename, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { ParapetError } from '../spec/errors.ts'

export interface FolderLock {
  readonly folder: string
  /** Lets the folder go. */
  release(): Promise<void>
}

export interface FolderLockOptions {
  /** Called when another process has taken the folder although this one lives: it was not seen for too long. */
  readonly onLost?: () => void
  /** Milliseconds between signs of life. Default 2000. */
  readonly beat?: number
}

/** Who holds a lock, as its file says. */
interface Owner {
  readonly pid: number
  /** When the process was started, in the system's own count; null where the system does not tell. */
  readonly started: string | null
  /** Machine, boot and process namespace: numbers of processes mean the same only where it is the same. */
  readonly place: string
  /** Tells two locks of one process apart. */
  readonly token: string
  readonly released?: boolean
}

const NAME = /^lock\.(\d{1,12})$/
const BEAT = 2000
/** Missed signs of life after which an owner elsewhere counts as gone. */
const MISSED = 4
/** Other processes may try at the same moment; each try that finds them ends sooner or later. */
const TRIES = 50

/**
 * Takes a folder, which is made when it is not there.
 * @throws ParapetError `configuration`, naming the folder and the owner's process, when somebody else has it
 */
export async function lockFolder(folder: string, options: FolderLockOptions = {}): Promise<FolderLock> {
  const beat = options.beat ?? BEAT
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw new ParapetError('configuration', `The data folder ${folder} cannot be made or used.`, { cause })
  }
  const self: Owner = { ...describe(process.pid), token: randomBytes(8).toString('hex') }
  for (let tries = 0; tries < TRIES; tries += 1) {
    const number = highest(readdirSync(folder))
    const owner = number === 0 ? null : readOwner(folder, number)
    if (number > 0 && owner !== null && !(await isFree(folder, number, owner, beat))) throw taken(folder, owner)
    if (!create(folder, number + 1, self)) continue
    // Somebody may have gone further while this process looked away.
    if (highest(readdirSync(folder)) !== number + 1) {
      rmSync(lockPath(folder, number + 1), { force: true })
      continue
    }
    removeBelow(folder, number + 1)
    return new HeldLock(folder, number + 1, self, beat, options.onLost)
  }
  throw new ParapetError(
    'configuration',
    `The data folder ${folder} is being taken by several processes at once; try again.`,
  )
}

class HeldLock implements FolderLock {
  readonly folder: string
  readonly #number: number
  readonly #self: Owner
  readonly #onLost: (() => void) | undefined
  readonly #timer: NodeJS.Timeout
  #over = false

  constructor(folder: string, number: number, self: Owner, beat: number, onLost: (() => void) | undefined) {
    this.folder = folder
    this.#number = number
    this.#self = self
    this.#onLost = onLost
    this.#timer = setInterval(() => void this.#beat(), beat)
    this.#timer.unref()
  }

  async release(): Promise<void> {
    if (this.#over) return
    this.#stop()
    if (highest(await readdir(this.folder).catch(() => [])) !== this.#number) return
    // The file stays, so that its number is never used again.
    await replace(this.folder, this.#number, { ...this.#self, released: true }).catch(() => undefined)
  }

  async #beat(): Promise<void> {
    const now = new Date()
    await utimes(lockPath(this.folder, this.#number), now, now).catch(() => undefined)
    const number = highest(await readdir(this.folder).catch(() => []))
    if (this.#over || number <= this.#number) return
    this.#stop()
    this.#onLost?.()
  }

  #stop(): void {
    this.#over = true
    clearInterval(this.#timer)
  }
}

function lockPath(folder: string, number: number): string {
  return join(folder, `lock.${number}`)
}

/** The highest number among the names of files, 0 without any. */
function highest(names: readonly string[]): number {
  return Math.max(0, ...names.map((name) => Number(NAME.exec(name)?.[1] ?? 0)))
}

function removeBelow(folder: string, number: number): void {
  for (const name of readdirSync(folder)) {
    const found = NAME.exec(name)?.[1]
    if (found !== undefined && Number(found) < number) rmSync(join(folder, name), { force: true })
  }
}

/** A lock is never seen half written: it is linked to its name when it is whole. False when the name is taken. */
function create(folder: string, number: number, self: Owner): boolean {
  const draft = join(folder, `lock-draft.${self.token}`)
  const text = `${JSON.stringify(self)}\n`
  try {
    writeFileSync(draft, text, { mode: 0o600, flag: 'wx', flush: true })
    linkSync(draft, lockPath(folder, number))
    return true
  } catch (cause) {
    const code = codeOf(cause)
    if (code === 'EEXIST') return false
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'ENOSYS' || code === 'EMLINK')
      return createInPlace(lockPath(folder, number), text)
    throw new ParapetError('configuration', `The data folder ${folder} cannot be written to.`, { cause })
  } finally {
    rmSync(draft, { force: true })
  }
}

/** For file systems without links. A process that dies between the two steps leaves an empty lock, which is watched like one elsewhere. */
function createInPlace(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { mode: 0o600, flag: 'wx', flush: true })
    return true
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') return false
    throw cause
  }
}

async function replace(folder: string, number: number, owner: Owner): Promise<void> {
  const draft = join(folder, `lock-draft.${owner.token}`)
  await writeFile(draft, `${JSON.stringify(owner)}\n`, { mode: 0o600 })
  await rename(draft, lockPath(folder, number))
}

/** Null when the file has gone, which only its successor does. */
function readOwner(folder: string, number: number): Owner | null {
  let text: string
  try {
    text = readFileSync(lockPath(folder, number), 'utf8')
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return null
    throw new ParapetError('configuration', `The lock of the data folder ${folder} cannot be read.`, { cause })
  }
  try {
    const { pid, started, place, token, released } = JSON.parse(text) as Partial<Owner>
    if (typeof pid === 'number' && typeof place === 'string' && typeof token === 'string')
      return { pid, started: started ?? null, place, token, ...(released === true ? { released } : {}) }
  } catch {
    // Not whole: treated as somebody's who cannot be seen.
  }
  return { pid: 0, started: null, place: '', token: '' }
}

async function isFree(folder: string, number: number, owner: Owner, beat: number): Promise<boolean> {
  if (owner.released === true) return true
  const now = describe(owner.pid)
  if (owner.place === now.place) return !isAlive(owner.pid) || (owner.started !== null && owner.started !== now.started)
  return !(await beats(lockPath(folder, number), beat))
}

/** Whether the file is touched while it is watched. Clocks of different machines are not compared. */
async function beats(path: string, beat: number): Promise<boolean> {
  const touched = (): Promise<number | null> =>
    stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => null,
    )
  const first = await touched()
  for (let waited = 0; waited < MISSED * beat; waited += beat / 2) {
    await new Promise((resolve) => setTimeout(resolve, beat / 2))
    if ((await touched()) !== first) return true
  }
  return false
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // Dead, and its parent has not noticed yet.
    return !['Z', 'X'].includes(statFields(pid)[0] ?? '')
  } catch (cause) {
    // It lives but belongs to somebody else.
    return codeOf(cause) === 'EPERM'
  }
}

/** A process as this one sees it. */
function describe(pid: number): Omit<Owner, 'token'> {
  return { pid, started: startOf(pid), place: PLACE }
}

const PLACE: string = [hostname(), read('/proc/sys/kernel/random/boot_id'), readLink('/proc/self/ns/pid')].join(' ')

function startOf(pid: number): string | null {
  return statFields(pid)[19] ?? null
}

/** What Linux tells of a process after its name, which may hold blanks and parentheses: first its state. */
function statFields(pid: number): readonly string[] {
  const stat = read(`/proc/${pid}/stat`)
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

function codeOf(cause: unknown): unknown {
  return cause instanceof Error && 'code' in cause ? cause.code : undefined
}

function taken(folder: string, { pid }: Owner): ParapetError {
  const who = pid === 0 ? 'another process' : `process ${pid}`
  return new ParapetError(
    'configuration',
    `The data folder ${folder} is in use by ${who}: stop it, or choose another folder. Its records are read through the gateway that ` +
      'runs there.',
    { details: { folder, pid } },
  )
}
