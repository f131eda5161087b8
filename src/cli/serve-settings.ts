/** Settings of `parapet serve` from options and environment: upstreams, keys, store, limits. Mistakes say what to write instead. */
import { usageError } from './exit.ts'
import type { ServeSettings } from './runtime.ts'

type Env = Readonly<Record<string, string | undefined>>

/**
 * `--upstream`, else `PARAPET_UPSTREAM` (separated by commas): a URL, or `name=URL` for several. The key of an upstream called
 * `name` is in `PARAPET_UPSTREAM_KEY_NAME`; `PARAPET_UPSTREAM_KEY` is the first one's.
 */
export function upstreamsFrom(option: unknown, env: Env): ServeSettings['upstreams'] {
  const given = Array.isArray(option) ? (option as readonly string[]) : (env['PARAPET_UPSTREAM'] ?? '').split(',')
  const settings = given.map((item) => item.trim()).filter((item) => item !== '')
  const upstreams: Record<string, { url: string; apiKey?: string }> = {}
  for (const [index, setting] of settings.entries()) {
    const { name, url } = parseUpstream(setting, settings.length)
    if (name in upstreams) throw usageError(`two upstreams are called ${name}. Give each its own name.`)
    const own = env[`PARAPET_UPSTREAM_KEY_${name.toUpperCase().replaceAll('-', '_')}`]
    const apiKey = own ?? (index === 0 ? env['PARAPET_UPSTREAM_KEY'] : undefined) ?? ''
    upstreams[name] = apiKey === '' ? { url } : { url, apiKey }
  }
  return upstreams
}

function parseUpstream(setting: string, count: number): { readonly name: string; readonly url: string } {
  const match = /^(?:([a-z0-9][a-z0-9_-]{0,62})=)?(.+)$/.exec(setting)
  const [, name, url = ''] = match ?? []
  const parsed = URL.canParse(url) ? new URL(url) : null
  if (parsed === null || (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')) {
    throw usageError(
      'the upstream must be an http or https URL, for example http://127.0.0.1:11434/v1, or a name and a URL, for example ' +
        'local=http://127.0.0.1:11434/v1.',
    )
  }
  if (name === undefined && count > 1) {
    throw usageError('with several upstreams each needs a name, for example local=http://127.0.0.1:11434/v1.')
  }
  return { name: name ?? 'default', url }
}

/** Keys of `PARAPET_API_KEYS` (callers) and `PARAPET_OPERATOR_KEYS`, separated by commas. */
export function keysFrom(env: Env): ServeSettings['keys'] {
  const list = (variable: string, role: 'caller' | 'operator'): ServeSettings['keys'] =>
    (env[variable] ?? '')
      .split(',')
      .map((key) => key.trim())
      .filter((key) => key !== '')
      .map((key) => ({ name: '', key, role }))
  return [...list('PARAPET_API_KEYS', 'caller'), ...list('PARAPET_OPERATOR_KEYS', 'operator')]
}

/** `embedded` (default), `none`, or a PostgreSQL URL. */
export function storeFrom(value: string | undefined): string {
  if (value === undefined || value === 'embedded') return 'embedded'
  if (value === 'none' || /^postgres(?:ql)?:\/\//.test(value)) return value
  throw usageError('the store must be embedded, none or a URL that begins with postgres://.')
}

export function limitsFrom(options: Readonly<Record<string, unknown>>): ServeSettings['limits'] {
  const { bodyLimit, concurrency, upstreamTimeout } = options
  return {
    ...(typeof bodyLimit === 'number' ? { body: bodyLimit } : {}),
    ...(typeof concurrency === 'number' ? { concurrency } : {}),
    ...(typeof upstreamTimeout === 'number' ? { upstreamTimeout: upstreamTimeout * 1000 } : {}),
  }
}
