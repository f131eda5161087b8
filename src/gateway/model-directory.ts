/**
 * Which models each upstream has, asked for when somebody wants to know and kept for a few seconds. Of what a model server says of
 * its models only ids, times and owners are read; what is called something that is no id is left out.
 *
 * A model server may show each key other models, so lists are kept apart by the client's credentials, of which only a hash is kept.
 */
import { createHash } from 'node:crypto'
import type { JsonObject, ModelBody } from '../contract/index.ts'
import { asArray, isJsonObject } from '../contract/index.ts'
import type { GatewayContext } from './context.ts'
import { looksLikeId } from './looks-like-id.ts'
import { askUpstream } from './model-call.ts'
import { upstreamError } from './upstream/failure.ts'
import type { Upstream } from './upstream/upstream.ts'

/** The models of one upstream, under the ids by which it knows them. */
export interface UpstreamModels {
  readonly models: readonly ModelBody[]
  /** Entries whose id is no id, or is there twice. */
  readonly omitted: number
}

export interface ModelDirectory {
  /** @param name of the upstream. Rejects with its error. */
  of(name: string, header: (name: string) => string | undefined): Promise<UpstreamModels>
}

/** Milliseconds for which a list is kept. */
const KEPT = 5000
/** Milliseconds for one list: whoever waits for all upstreams waits for the slowest. */
const TIMEOUT = 10_000
const MOST_LISTS = 256
const MOST_MODELS = 10_000
/** What a model server may choose its models by. */
const CREDENTIALS = ['authorization', 'api-key', 'x-api-key', 'openai-organization', 'openai-project']

interface Entry {
  readonly list: Promise<UpstreamModels>
  /** On the gateway's clock; infinite while it is being asked for. */
  expires: number
}

export function createModelDirectory({ upstreams, limits, now, stopped }: GatewayContext): ModelDirectory {
  const kept = new Map<string, Entry>()
  return {
    async of(name, header) {
      const upstream = upstreams.all.get(name)
      if (upstream === undefined) return { models: [], omitted: 0 }
      const key = keyOf(name, header)
      const known = kept.get(key)
      if (known !== undefined && known.expires > now()) return known.list
      // Nobody's own signal: others may wait for the same list.
      const list = ask(upstream, name, header, Math.min(TIMEOUT, limits.upstreamTimeout), stopped)
      const entry: Entry = { list, expires: Infinity }
      kept.delete(key)
      kept.set(key, entry)
      const [oldest] = kept.keys()
      if (kept.size > MOST_LISTS && oldest !== undefined) kept.delete(oldest)
      try {
        const models = await list
        entry.expires = now() + KEPT
        return models
      } catch (cause) {
        if (kept.get(key) === entry) kept.delete(key)
        throw cause
      }
    },
  }
}

function keyOf(name: string, header: (name: string) => string | undefined): string {
  const credentials = JSON.stringify(CREDENTIALS.map((credential) => header(credential) ?? null))
  return `${name} ${createHash('sha256').update(credentials).digest('base64')}`
}

async function ask(
  upstream: Upstream,
  name: string,
  header: (name: string) => string | undefined,
  timeout: number,
  stopped: AbortSignal,
): Promise<UpstreamModels> {
  const { model } = upstream
  if (upstream.json === undefined && model !== undefined)
    return { models: [{ id: model, object: 'model', created: 0, owned_by: name }], omitted: 0 }
  const call = { method: 'GET', endpoint: '/models', header } as const
  return readModels(await askUpstream(upstream, call, [stopped], timeout), name)
}

function readModels(answer: JsonObject, owner: string): UpstreamModels {
  const { data } = answer
  if (!Array.isArray(data)) throw upstreamError('The model server sent something that is no list of models.')
  const models = new Map<string, ModelBody>()
  for (const item of asArray(data)) {
    if (models.size >= MOST_MODELS) break
    const { id, created, owned_by: by } = isJsonObject(item) ? item : {}
    if (!looksLikeId(id) || models.has(id)) continue
    models.set(id, {
      id,
      object: 'model',
      created: typeof created === 'number' && Number.isInteger(created) && created >= 0 ? created : 0,
      owned_by: looksLikeId(by) ? by : owner,
    })
  }
  return { models: [...models.values()], omitted: data.length - models.size }
}
