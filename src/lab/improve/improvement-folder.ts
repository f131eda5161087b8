/**
 * The folder in which a guard improves: where its data sets, versions and promotions lie, its fixed settings, and the key of its hashes.
 *
 * One process at a time changes it. Users and reviewers stand in it only as keyed hashes; whoever has the key can tell whether a name is
 * among them, so the key is readable by its owner only and leaves the folder never.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { ParapetError } from '../../spec/index.ts'
import { HELD, holdFolder } from '../jobs/hold-folder.ts'
import { writeAtomically } from '../train/write-atomically.ts'

/** What is fixed when the folder is made: a changed share would move rows between training and the held-out part. */
export interface FolderSettings {
  readonly format: 1
  /** Share of texts that are never trained on, 0…0.5. */
  readonly holdOut: number
}

const settingsSchema: z.ZodType<FolderSettings> = z.object({
  format: z.literal(1),
  holdOut: z.number().min(0).max(0.5),
})

export const DEFAULT_HOLD_OUT = 0.2
/** Ends the name of a folder that is not finished. */
const UNFINISHED = '.unfinished'
const REPLACED = '.replaced'
/** Begins the name of a training in `versions/` that is not finished. */
export const RUN = 'run-'

export class ImprovementFolder {
  readonly path: string
  readonly settings: FolderSettings
  readonly #key: Buffer

  private constructor(path: string, settings: FolderSettings, key: Buffer) {
    this.path = path
    this.settings = settings
    this.#key = key
  }

  /** Makes the folder. Throws `configuration` where there is one already. */
  static create(path: string, holdOut: number = DEFAULT_HOLD_OUT): ImprovementFolder {
    if (!(holdOut >= 0 && holdOut <= 0.5))
      throw new ParapetError('configuration', `The held-out share is ${holdOut}. Give one from 0 to 0.5.`)
    if (existsSync(join(path, SETTINGS))) {
      const begun = ImprovementFolder.open(path)
      // One whose beginning was cut off has no current version, and begins again.
      if (existsSync(begun.pointer) || begun.ids('data').length > 0)
        throw new ParapetError(
          'configuration',
          `${path} is an improvement folder already. Go on with it, or give another.`,
        )
    } else if (existsSync(path) && readdirSync(path).some((name) => name !== KEY && name !== HELD))
      throw new ParapetError('configuration', `${path} holds other things. Give a new folder.`)
    mkdirSync(path, { recursive: true, mode: 0o700 })
    if (!existsSync(join(path, KEY)))
      writeFileSync(join(path, KEY), `${randomBytes(32).toString('hex')}\n`, { flag: 'wx', mode: 0o600 })
    const settings: FolderSettings = { format: 1, holdOut }
    writeAtomically(join(path, SETTINGS), Buffer.from(`${JSON.stringify(settings, null, 2)}\n`))
    return ImprovementFolder.open(path)
  }

  /** Throws `configuration` for a folder that is none, or whose key is gone. */
  static open(path: string): ImprovementFolder {
    const file = join(path, SETTINGS)
    if (!existsSync(file))
      throw new ParapetError('configuration', `${path} is no improvement folder. Make one with parapet improve start.`)
    const settings = readChecked(file, settingsSchema)
    const key = existsSync(join(path, KEY)) ? readFileSync(join(path, KEY), 'utf8').trim() : ''
    if (!/^[0-9a-f]{64}$/.test(key))
      throw new ParapetError(
        'configuration',
        `${join(path, KEY)} is missing or damaged: without it forgotten users are not recognised. Restore it from a backup, or start a new folder.`,
      )
    return new ImprovementFolder(path, settings, Buffer.from(key, 'hex'))
  }

  /** Lets nobody else change the folder until what it gives is called. Throws `configuration` while another does. */
  hold(): () => void {
    const release = holdFolder(this.path)
    this.#tidy()
    return release
  }

  /** HMAC-SHA256 of a name of some kind (`user`, `reviewer`), 32 hexadecimal digits. */
  hashOf(kind: string, name: string): string {
    return createHmac('sha256', this.#key)
      .update(JSON.stringify([kind, name]))
      .digest('hex')
      .slice(0, 32)
  }

  data(id = ''): string {
    return join(this.path, 'data', id)
  }

  versions(id = ''): string {
    return join(this.path, 'versions', id)
  }

  promotions(id = ''): string {
    return join(this.path, 'promotions', id)
  }

  get pointer(): string {
    return join(this.path, 'current.json')
  }

  get forgotten(): string {
    return join(this.path, 'forgotten.txt')
  }

  /** Ids like `v3` in a folder, in order of their numbers. */
  ids(kind: 'data' | 'versions' | 'promotions'): readonly string[] {
    const folder = join(this.path, kind)
    if (!existsSync(folder)) return []
    return readdirSync(folder)
      .filter((name) => PATTERNS[kind].test(name))
      .toSorted((left, right) => numberOf(left) - numberOf(right))
  }

  nextId(kind: 'data' | 'versions' | 'promotions'): string {
    return `${kind[0]}${numberOf(this.ids(kind).at(-1) ?? '') + 1}`
  }

  /** Fills a folder under another name first, so that it is whole or not there; one of that name is replaced. */
  writeFolder(path: string, fill: (draft: string) => void): void {
    const draft = this.draftOf(path)
    fill(draft)
    replaceFolder(path, draft)
  }

  /** An empty folder that `replaceFolder` puts in its place once it is filled. */
  draftOf(path: string): string {
    const draft = `${path}${UNFINISHED}`
    rmSync(draft, { recursive: true, force: true })
    mkdirSync(draft, { recursive: true, mode: 0o700 })
    return draft
  }

  /** What a process that was killed left: a replacement that was ready takes its place, anything else goes. */
  #tidy(): void {
    for (const kind of ['data', 'versions', 'promotions'] as const) {
      const folder = join(this.path, kind)
      for (const name of existsSync(folder) ? readdirSync(folder) : []) {
        if (!name.endsWith(REPLACED)) continue
        const path = join(folder, name.slice(0, -REPLACED.length))
        if (!existsSync(path)) renameSync(join(folder, name), path)
        else rmSync(join(folder, name), { recursive: true })
      }
      for (const name of existsSync(folder) ? readdirSync(folder) : [])
        if (name.endsWith(UNFINISHED)) rmSync(join(folder, name), { recursive: true })
    }
  }
}

const SETTINGS = 'improve.json'
const KEY = 'secret.key'
const PATTERNS = { data: /^d[1-9]\d*$/, versions: /^v[1-9]\d*$/, promotions: /^p[1-9]\d*$/ } as const

/** Puts a finished folder in the place of another, or in a free one. */
export function replaceFolder(path: string, draft: string): void {
  const aside = `${path}${REPLACED}`
  if (existsSync(path)) renameSync(path, aside)
  renameSync(draft, path)
  rmSync(aside, { recursive: true, force: true })
}

/** A JSON file of the folder. Throws `input_invalid` for one that is not of its form. */
export function readChecked<Value>(path: string, schema: z.ZodType<Value>): Value {
  let value: unknown
  try {
    value = JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new ParapetError('input_invalid', `${path} is missing or not JSON. Restore it from a backup.`, { cause })
  }
  const checked = schema.safeParse(value)
  if (checked.success) return checked.data
  const issue = checked.error.issues[0]
  throw new ParapetError(
    'input_invalid',
    `${path} is not of this version's form at ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}. Restore it from a backup.`,
  )
}

function numberOf(id: string): number {
  return Number(id.slice(1))
}
