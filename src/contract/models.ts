/** `GET /v1/models` and `GET /v1/models/{id}`: what is answered. */

/** One model, under the id by which this gateway knows it: `name/model` where the model is not the caller's first upstream's. */
export interface ModelBody {
  readonly id: string
  readonly object: 'model'
  /** Seconds since the epoch, 0 when the model server does not say. */
  readonly created: number
  readonly owned_by: string
}

/** The models of all upstreams that answered. */
export interface ModelListBody {
  readonly object: 'list'
  readonly data: readonly ModelBody[]
  /** Present when something is missing in the list. */
  readonly parapet?: {
    /** Upstreams that could not be asked, and the code of the error. */
    readonly failed: readonly { readonly upstream: string; readonly code: string }[]
    /** Models left out because what they are called is no id. */
    readonly omitted: number
  }
}
