/**
 * Versions of a guard from folders of `parapet improve`: opened for the guards of a policy, shared and kept like models of other folders
 * (see `text-models`), and watched, so that a promotion or a rollback takes effect.
 */
import type { CurrentVersion } from '../engines/embedded/index.ts'
import { checkVersion, loadVersion, markOfVersion, readCurrentVersion } from '../engines/embedded/index.ts'
import type { ClassifierEngine } from '../spec/index.ts'
import type { DeepSetting } from './registry.ts'

/** A version that judges. */
export interface JudgingVersion extends Pick<CurrentVersion, 'version' | 'since'> {
  /** Name of the guard in the policy. */
  readonly guard: string
  readonly folder: string
  /** State of the folder when it was opened; see `watchVersions`. */
  readonly mark: string
}

export interface OpenedVersion extends Omit<JudgingVersion, 'guard'> {
  readonly engine: ClassifierEngine
}

/** Opens the current version of a folder. Throws `engine_unavailable`. */
export type OpenVersion = (folder: string, deep: DeepSetting) => Promise<OpenedVersion>

/** Gives the same engine for the same files as long as anything uses it: an edit of the policy loads nothing again. */
export function createGuardVersions(): OpenVersion {
  const loaded = new Map<string, WeakRef<ClassifierEngine>>()
  /** State of the files when a version was last found whole: it judges on when they are damaged, and would not be there after a restart. */
  const whole = new Map<string, string>()
  return async (folder, deep) => {
    // Before the pointer is read: what moves between the two is then seen as a change.
    const mark = await markOfVersion(folder)
    const current = await readCurrentVersion(folder)
    const key = JSON.stringify([folder, deep, current.version, current.models])
    const known = loaded.get(key)?.deref()
    if (known !== undefined && whole.get(key) !== mark) await checkVersion(folder, current)
    const engine = known ?? (await loadVersion(folder, current, deep))
    whole.set(key, mark)
    if (known === undefined) {
      for (const [one, kept] of loaded)
        if (kept.deref() === undefined && one !== key) {
          loaded.delete(one)
          whole.delete(one)
        }
      loaded.set(key, new WeakRef(engine))
      // The deep tier loads beside; what fails is told by the first text it is asked about.
      engine.prepare?.().catch(() => undefined)
    }
    return { version: current.version, since: current.since, folder, mark, engine }
  }
}

export interface VersionWatchOptions {
  /** Called when a folder has changed, one call at a time. What it throws is told to `onRejected`. */
  readonly onChange: () => Promise<void>
  readonly onRejected: (cause: unknown) => void
  /** Milliseconds between looks. Default 1000. */
  readonly interval?: number
}

/** Watches the folders of versions that judge. A folder that was refused is looked at again when its files change. */
export function watchVersions(
  versions: readonly Pick<JudgingVersion, 'folder' | 'mark'>[],
  { onChange, onRejected, interval = 1000 }: VersionWatchOptions,
): { close(): void } {
  // The first mark of a folder that several guards opened: where it moved in between, that is a change.
  const seen = new Map(versions.toReversed().map(({ folder, mark }) => [folder, mark]))
  if (seen.size === 0) return { close: () => undefined }
  let [closed, looking] = [false, false]
  const look = async (): Promise<void> => {
    let changed = false
    for (const [folder, mark] of seen) {
      const now = await markOfVersion(folder)
      if (now === mark) continue
      seen.set(folder, now)
      changed = true
    }
    if (!changed || closed) return
    try {
      await onChange()
    } catch (cause) {
      if (!closed) onRejected(cause)
    }
  }
  const timer = setInterval(() => {
    if (looking) return
    looking = true
    void look().finally(() => (looking = false))
  }, interval)
  timer.unref()
  return {
    close() {
      closed = true
      clearInterval(timer)
    },
  }
}
