/**
 * A `fetch` for OpenAI clients. Requests go through the gateway in this process, whose model server is the one the client was going
 * to ask; so every endpoint that the gateway knows is guarded exactly as behind a gateway of its own, and no client's types matter.
 *
 * What the gateway does not know is refused with a 404 unless it is listed under `unguarded`: files, fine-tuning and the like carry
 * words as well, and nothing is passed on unjudged by accident.
 */

/** What this needs of a Parapet. */
export interface FetchingParapet {
  fetch(
    request: Request,
    options?: {
      readonly upstream?: { readonly url: string; readonly forwardAuth?: boolean; readonly fetch?: typeof fetch }
    },
  ): Promise<Response>
}

export interface GuardedFetchOptions {
  /** Asks the model server. Default: the global `fetch`. */
  readonly fetch?: typeof fetch
  /** Paths below the base URL that are passed on unjudged, for example `/files`; whatever is below them as well. */
  readonly unguarded?: readonly string[]
  /** Sent with every request as `x-parapet-application`, `-user` and `-conversation`; a request's own headers win. */
  readonly caller?: { readonly application?: string; readonly user?: string; readonly conversation?: string }
}

/** Endpoints of the gateway, as they end in a client's URL. The longest that fits counts. */
const ENDPOINTS =
  /^(?<base>.*?)(?<endpoint>\/(?:chat\/completions|completions|embeddings|moderations|responses(?:\/[^/]+(?:\/(?:cancel|input_items))?)?|models(?:\/.+)?|messages))$/

/**
 * @example
 * const client = new OpenAI({ apiKey, baseURL, fetch: guardedFetch(parapet) })
 */
export function guardedFetch(parapet: FetchingParapet, options: GuardedFetchOptions = {}): typeof fetch {
  const ask = options.fetch ?? fetch
  const upstreams = new Map<
    string,
    { readonly url: string; readonly forwardAuth: true; readonly fetch: typeof fetch }
  >()
  return async (input, init) => {
    const request = new Request(input, init)
    const url = new URL(request.url)
    if (passesUnguarded(url.pathname, options.unguarded ?? [])) return ask(request)
    const { base = '', endpoint = url.pathname } = ENDPOINTS.exec(url.pathname)?.groups ?? {}
    const target = `${url.origin}${base}`
    let upstream = upstreams.get(target)
    if (upstream === undefined) {
      upstream = { url: target, forwardAuth: true, fetch: ask }
      upstreams.set(target, upstream)
    }
    const inside = new Request(`${url.origin}/v1${endpoint}${url.search}`, request)
    for (const [name, value] of Object.entries(options.caller ?? {})) {
      if (!inside.headers.has(`x-parapet-${name}`)) inside.headers.set(`x-parapet-${name}`, value)
    }
    return parapet.fetch(inside, { upstream })
  }
}

function passesUnguarded(path: string, unguarded: readonly string[]): boolean {
  return unguarded.some((prefix) => {
    const at = path.indexOf(prefix)
    return at !== -1 && (at + prefix.length === path.length || path[at + prefix.length] === '/')
  })
}
