/** Keys that follow their file while the gateway runs. A broken file changes nothing: the keys in force stay. */
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
  const atStart = await readKeys(dataDir)
  const first = [...fixed, ...atStart]
  const keyed = first.length > 0
  let current: readonly KeySetting[] = keyed ? [...first, local] : []
  let known = JSON.stringify(atStart)
  let problem = ''
  const reload = async (): Promise<void> => {
    try {
      const stored = await readKeys(dataDir)
      problem = ''
      if (JSON.stringify(stored) === known) return
      known = JSON.stringify(stored)
      if (!keyed) {
        onChange('the first API keys count from the next start on: until then nobody needs one', false)
        return
      }
      current = [...fixed, ...stored, local]
      onChange(`${stored.length} API key(s) of ${KEY_FILE} are in force`, true)
    } catch (error) {
      const message = error instanceof Error ? error.message : KEY_FILE
      // Told once, however long the file stays broken.
      if (message !== problem) onChange(`${message} The keys in force stay.`, false)
      problem = message
    }
  }
  // The content is compared, not the file's time: a change within one tick of its clock, or between the first reading and the first
  // look at the file, is a change.
  let reading: Promise<void> | null = null
  const timer = setInterval(() => {
    reading ??= reload().finally(() => (reading = null))
  }, POLL)
  timer.unref()
  return { keyed, current: () => current, close: () => clearInterval(timer) }
}
