/**
 * `GET /v1/models` and `GET /v1/models/{id}`: the models of all upstreams, under the ids by which a request to this gateway names
 * them. That is the model's own id at the upstream that the caller gets unasked, and `name/model` at every other.
 *
 * An upstream that cannot be asked does not fail the list unless all do; the list says which are missing.
 */
import type { ModelBody, ModelListBody } from '../contract/index.ts'
import { ParapetError } from '../spec/index.ts'
import { jsonReply, toParapetError } from './answer/errors.ts'
import type { GatewayContext } from './context.ts'
import type { Reply } from './http/exchange.ts'
import type { RouteCall } from './http/router.ts'
import type { ModelDirectory, UpstreamModels } from './model-directory.ts'

export async function listModels(call: RouteCall, context: GatewayContext, directory: ModelDirectory): Promise<Reply> {
  const { header } = call.request
  const asked = header('x-parapet-upstream') ?? ''
  const home = routeOf(call, context).name
  const names = asked === '' ? context.upstreams.names : [home]
  const lists = await Promise.all(names.map((name) => askedOf(name, directory.of(name, header), context)))
  const failed = lists.flatMap((list) => ('code' in list ? [list] : []))
  const found = lists.flatMap((list) => ('models' in list ? [list] : []))
  const [first] = failed
  if (found.length === 0 && first !== undefined) throw first.error
  const omitted = found.reduce((sum, list) => sum + list.omitted, 0)
  const data = found.flatMap(({ name, models }) =>
    models.map((model) => (asked === '' ? { ...model, id: publicId(model.id, name, home, context) } : model)),
  )
  const missing = { failed: failed.map(({ name, code }) => ({ upstream: name, code })), omitted }
  const body: ModelListBody = {
    object: 'list',
    data,
    ...(failed.length === 0 && omitted === 0 ? {} : { parapet: missing }),
  }
  return jsonReply(body, 200)
}

export async function oneModel(call: RouteCall, context: GatewayContext, directory: ModelDirectory): Promise<Reply> {
  const id = call.params['id'] ?? ''
  const { name, model } = routeOf(call, context, id)
  const { models } = await counted(directory.of(name, call.request.header), context)
  const found = models.find((item) => item.id === model)
  if (found === undefined) {
    throw new ParapetError('not_found', 'There is no such model; GET /v1/models lists those there are.', {
      details: { param: 'model' },
    })
  }
  const body: ModelBody = { ...found, id }
  return jsonReply(body, 200)
}

/** Where a request for this model would go. */
function routeOf({ request, access }: RouteCall, { upstreams }: GatewayContext, model?: string) {
  return upstreams.route({ header: request.header('x-parapet-upstream'), model, key: access.definition?.upstream })
}

/** An id that begins like another upstream's name would lead there, so it is spelled out. */
function publicId(id: string, name: string, home: string, { upstreams }: GatewayContext): string {
  const slash = id.indexOf('/')
  const misleads = slash > 0 && upstreams.all.has(id.slice(0, slash))
  return name === home && !misleads ? id : `${name}/${id}`
}

type Asked =
  | (UpstreamModels & { readonly name: string })
  | { readonly name: string; readonly code: string; readonly error: ParapetError }

async function askedOf(name: string, list: Promise<UpstreamModels>, context: GatewayContext): Promise<Asked> {
  try {
    return { ...(await counted(list, context)), name }
  } catch (thrown) {
    const error = toParapetError(thrown)
    return { name, code: error.code, error }
  }
}

/** Upstream failures show in the metrics, also where they fail nothing. */
async function counted<T>(work: Promise<T>, { metrics, stopped }: GatewayContext): Promise<T> {
  try {
    return await work
  } catch (thrown) {
    const { code } = toParapetError(thrown)
    if (code === 'upstream_error' || code === 'upstream_timeout') metrics.upstreamFailed(code)
    if (code === 'aborted' && stopped.aborted)
      throw new ParapetError('shutting_down', 'The server is stopping; ask again.')
    throw thrown
  }
}
