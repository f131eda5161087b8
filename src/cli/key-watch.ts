/** Keys that follow their file while the gateway runs. A file that is broken or gone changes nothing: the keys in force stay. */
import { unwatchFile, watchFile } from 'node:fs'
import { join } from 'node:path'
import type { KeySetting, KeySource } from '../gateway/index.ts'
import { KEY_FILE, readKeys } from './keys-command.ts'

export interface WatchedKeys extends KeySource {
  /** Whether requests need a key. Decided at the start: taking the last key away opens nothing. */
  readonly keyed: boolean
  close(): void
}

const POLL = 500

/**
 * @param fixed keys that do not come from the file
 * @param local the operator's key of commands on this machine; it counts only where keys are asked for at all
 * @param onChange told of every change taken, and of every one that was not
 */
export async function watchKeys(
  dataDir: string,
  fixed: readonly KeySetting[],
  local: KeySetting,
  onChange: (message: string, taken: boolean) => void,
): Promise<WatchedKeys> {
  const first = [...fixed, ...(await readKeys(dataDir))]
  const keyed = first.length > 0
  let current: readonly KeySetting[] = keyed ? [...first, local] : []
  const path = join(dataDir, KEY_FILE)
  let known = JSON.stringify(await readKeys(dataDir))
  const reload = async (): Promise<void> => {
    try {
      const stored = await readKeys(dataDir)
      // A file that is not there yet is reported as a change of its own.
      if (JSON.stringify(stored) === known) return
      known = JSON.stringify(stored)
      if (!keyed) {
        onChange('the first API keys count from the next start on: until then nobody needs one', false)
        return
      }
      current = [...fixed, ...stored, local]
      onChange(`${stored.length} API key(s) of ${KEY_FILE} are in force`, true)
    } catch (error) {
      onChange(`${error instanceof Error ? error.message : KEY_FILE} The keys in force stay.`, false)
    }
  }
  watchFile(path, { interval: POLL, persistent: false }, () => void reload())
  return { keyed, current: () => current, close: () => unwatchFile(path) }
}
