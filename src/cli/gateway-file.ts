/**
 * `gateway.json` in the data folder: where the gateway that uses this folder listens, and a token with which commands of the same
 * account may speak to it. It is readable for its owner only, who could read the folder's records anyway.
 */
import { chmod, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Name of the file in the data folder. */
export const GATEWAY_FILE = 'gateway.json'

export interface GatewayPlace {
  readonly url: string
  readonly pid: number
  /** An operator's key that is good as long as this gateway runs; absent when it asks for no keys. */
  readonly token?: string
}

export async function writeGatewayFile(dataDir: string, place: GatewayPlace): Promise<void> {
  const path = join(dataDir, GATEWAY_FILE)
  const temporary = `${path}.${process.pid}`
  await writeFile(temporary, `${JSON.stringify(place)}\n`, { mode: 0o600 })
  await chmod(temporary, 0o600)
  await rename(temporary, path)
}

/** The place, or null when there is none or it cannot be read. */
export async function readGatewayFile(dataDir: string): Promise<GatewayPlace | null> {
  try {
    const value = JSON.parse(await readFile(join(dataDir, GATEWAY_FILE), 'utf8')) as Partial<GatewayPlace>
    if (typeof value.url !== 'string' || typeof value.pid !== 'number') return null
    return { url: value.url, pid: value.pid, ...(typeof value.token === 'string' ? { token: value.token } : {}) }
  } catch {
    return null
  }
}

/** Removes the file if it is still this process's. */
export async function removeGatewayFile(dataDir: string): Promise<void> {
  if ((await readGatewayFile(dataDir))?.pid === process.pid) await rm(join(dataDir, GATEWAY_FILE), { force: true })
}
