/**
 * A chat model whose pieces are kept out of LangGraph's stream of messages. LangGraph shows each piece as the model makes it, before
 * any middleware could judge it; a model with these tags it leaves out, and shows the judged message when the step has ended.
 *
 * Callbacks, tracers and `streamEvents` are not reached by this: they see what the model says as it says it.
 */

const TAGS = ['nostream', 'langsmith:nostream']

interface Runnable {
  readonly steps?: readonly unknown[]
  readonly bound?: unknown
  bindTools?(...settings: unknown[]): Runnable
  withConfig?(config: { readonly tags: readonly string[] }): Runnable
}

/** The model with the tags, whatever tools are bound to it afterwards. What is no model comes back as it is. */
export function silenced<M>(model: M): M {
  if (typeof model !== 'object' || model === null) return model
  const runnable: Runnable = model
  if (typeof runnable.bindTools === 'function') return overridden(model, { bindTools: bindSilently(runnable) })
  if (Array.isArray(runnable.steps)) return overridden(model, { steps: runnable.steps.map(silenced) })
  return (runnable.bound === undefined ? model : tagged(runnable)) as M
}

function bindSilently(model: Runnable): NonNullable<Runnable['bindTools']> {
  return (...settings) => tagged(model.bindTools?.(...settings) ?? model)
}

function tagged(model: Runnable): Runnable {
  return model.withConfig?.({ tags: TAGS }) ?? model
}

/** The object with some properties replaced. Its methods still run on the object itself, which may have private fields. */
function overridden<M extends object>(target: M, properties: Readonly<Record<string, unknown>>): M {
  return new Proxy(target, {
    get(inner, key) {
      if (typeof key === 'string' && Object.hasOwn(properties, key)) return properties[key]
      const value: unknown = Reflect.get(inner, key, inner)
      return typeof value === 'function' && key !== 'constructor'
        ? (value as (...settings: unknown[]) => unknown).bind(inner)
        : value
    },
  })
}
