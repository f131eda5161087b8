/**
 * API keys. Only their SHA-256 is kept; every key is compared, in constant time, so that neither length nor position nor a
 * matching prefix can be measured.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { ParapetError } from '../spec/index.ts'

/** A key, or a key with the name by which exceptions of the policy know it. */
export type KeySetting = string | { readonly name: string; readonly key: string }

export interface KeyRing {
  readonly size: number
  /** The name of the key in `Authorization: Bearer …`; undefined when no keys are configured. Throws `unauthorized`. */
  identify(headers: Headers): string | undefined
}

const MIN_LENGTH = 8

export function createKeyRing(settings: readonly KeySetting[]): KeyRing {
  const keys = settings.map((setting) => {
    const key = typeof setting === 'string' ? setting : setting.key
    if (key.trim().length < MIN_LENGTH) {
      throw new ParapetError(
        'configuration',
        `An API key is shorter than ${MIN_LENGTH} characters; use a longer, random one.`,
      )
    }
    const digest = sha256(key.trim())
    return { digest, name: typeof setting === 'string' ? `key-${digest.toString('hex').slice(0, 8)}` : setting.name }
  })
  return {
    size: keys.length,
    identify(headers) {
      if (keys.length === 0) return undefined
      const given = sha256(/^bearer +(\S{1,4096})$/i.exec(headers.get('authorization') ?? '')?.[1] ?? '')
      let name: string | null = null
      for (const key of keys) if (timingSafeEqual(key.digest, given)) name = key.name
      if (name !== null) return name
      throw new ParapetError('unauthorized', 'Send a valid API key as `Authorization: Bearer KEY`.')
    },
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
