/** SHA-256 of a judged text, for exceptions by hash. Worked out only when asked for. */

/** A function that hashes `text` (UTF-8, lower-case hex) on its first call and remembers it. */
export function hashOnce(text: string): () => Promise<string> {
  let digest: Promise<string> | undefined
  return () => (digest ??= sha256(text))
}

async function sha256(text: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
