/**
 * Several upstreams by name, and which of them a request goes to: the header `x-parapet-upstream`, a model written as
 * `name/model`, the API key's own, else the first.
 */
import { ParapetError } from '../../spec/index.ts'
import type { Upstream } from './upstream.ts'

export interface Route {
  readonly name: string
  readonly upstream: Upstream
  /** The model as the upstream knows it; absent when the request names none. */
  readonly model?: string
}

/** What of a request says where it goes. */
export interface RouteWish {
  readonly header?: string | undefined
  readonly model?: string | undefined
  readonly key?: string | undefined
}

export interface UpstreamSet {
  readonly names: readonly string[]
  readonly all: ReadonlyMap<string, Upstream>
  /** Throws `input_invalid` when the header names none of them. */
  route(wish: RouteWish): Route
}

const NAME = /^[a-z0-9][a-z0-9_-]{0,62}$/

export function createUpstreamSet(upstreams: Upstream | Readonly<Record<string, Upstream>>): UpstreamSet {
  const all = new Map(isUpstream(upstreams) ? [['default', upstreams]] : Object.entries(upstreams))
  const [first] = all.keys()
  if (first === undefined) throw new ParapetError('configuration', 'Give the gateway at least one upstream.')
  for (const name of all.keys()) {
    if (!NAME.test(name)) {
      throw new ParapetError(
        'configuration',
        "An upstream's name has up to 63 lower-case letters, digits, - or _, and begins with a letter or digit.",
      )
    }
  }
  const pick = (name: string, model: string | undefined): Route => ({
    name,
    upstream: all.get(name) as Upstream,
    ...(model === undefined ? {} : { model }),
  })
  return {
    names: [...all.keys()],
    all,
    route({ header, model, key }) {
      if (header !== undefined && header !== '') {
        if (all.has(header)) return pick(header, model)
        throw new ParapetError('input_invalid', `There is no such upstream; there are ${[...all.keys()].join(', ')}.`, {
          details: { param: 'x-parapet-upstream' },
        })
      }
      const slash = model?.indexOf('/') ?? -1
      if (model !== undefined && slash > 0) {
        const name = model.slice(0, slash)
        // With one upstream a slash belongs to the model's own name, unless it spells the upstream's.
        if (all.has(name)) return pick(name, model.slice(slash + 1))
      }
      return pick(key !== undefined && all.has(key) ? key : first, model)
    },
  }
}

function isUpstream(value: Upstream | Readonly<Record<string, Upstream>>): value is Upstream {
  return typeof (value as Partial<Upstream>).open === 'function'
}
