/**
 * The built page (`src/console`, built by Vite into `dist/console`), served from memory.
 *
 * The folder is read once, on first use. Only files that were there then are found, by their exact address: no path is put
 * together from a request, so there is nothing to escape from. Without a build nothing is found. Nothing here needs a key: the
 * files hold no data.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A file with the headers it is answered with. */
export interface ConsoleFile {
  readonly body: Uint8Array
  readonly headers: Readonly<Record<string, string>>
}

/** The built page, served from memory. */
export interface ConsoleFiles {
  /** @param path path of the request, without query. Null when there is no such file, or no build. */
  find(path: string): ConsoleFile | null
}

/** What `/` answers where the page was not built. */
export const CONSOLE_MISSING =
  'This gateway runs, but its page was not built. Build it with `npm run build`, then start the gateway again.\n'

/** The same folder from `src/gateway` and from `dist/gateway`. */
const BUILT = fileURLToPath(new URL('../../dist/console/', import.meta.url))

/** Vite's names hold a hash of the content, so a file under such a name never changes. */
const HASHED = /-[\w-]{8}\.\w+$/

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.md': 'text/markdown; charset=utf-8',
}

/**
 * Nothing but the page's own scripts, styles and images, and requests to its own gateway. Nobody may frame it, no form may leave
 * it, no string becomes a script, and other origins can neither read nor open it.
 */
const PROTECTION: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; " +
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
}

/** @param folder where the build lies. Default: `dist/console` of this package. */
export function createConsoleFiles(folder: string = BUILT): ConsoleFiles {
  let files: ReadonlyMap<string, ConsoleFile> | null = null
  return {
    find(path) {
      files ??= readBuild(folder)
      return files.get(path) ?? null
    },
  }
}

function readBuild(folder: string): ReadonlyMap<string, ConsoleFile> {
  const files = new Map<string, ConsoleFile>()
  for (const path of filesUnder(folder)) {
    const address = `/${relative(folder, path).split(sep).join('/')}`
    const type = TYPES[extname(path)]
    if (type === undefined) continue
    const cache = HASHED.test(address) ? 'public, max-age=31536000, immutable' : 'no-cache'
    const headers = { 'content-type': type, 'cache-control': cache, ...PROTECTION }
    files.set(address === '/index.html' ? '/' : address, { body: readFileSync(path), headers })
  }
  // Half a build is none: without its first file the others are of no use.
  return files.has('/') ? files : new Map()
}

function filesUnder(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw cause
  }
}
