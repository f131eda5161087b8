/** Model servers from settings: URLs become HTTP upstreams, upstreams stay what they are, and without any the shipped chat model answers. */
import type { HttpUpstreamOptions, Upstream } from '../gateway/index.ts'
import { createDemoUpstream, createHttpUpstream } from '../gateway/index.ts'
import { shippedChatModel } from './engines.ts'

export type { Upstream } from '../gateway/index.ts'

/** A model server: where it is, or an upstream of one's own. */
export type UpstreamSetting = HttpUpstreamOptions | Upstream

/** Upstreams by name. A single one is called `default`. */
export async function openUpstreams(
  setting: UpstreamSetting | Readonly<Record<string, UpstreamSetting>> | undefined,
): Promise<Readonly<Record<string, Upstream>>> {
  if (setting === undefined) return { default: createDemoUpstream(await shippedChatModel()) }
  if (isSingle(setting)) return { default: open(setting) }
  return Object.fromEntries(Object.entries(setting).map(([name, item]) => [name, open(item)]))
}

function open(setting: UpstreamSetting): Upstream {
  return 'open' in setting ? setting : createHttpUpstream(setting)
}

function isSingle(setting: UpstreamSetting | Readonly<Record<string, UpstreamSetting>>): setting is UpstreamSetting {
  const { open: asks, url } = setting as Partial<Record<string, unknown>>
  return typeof asks === 'function' || typeof url === 'string'
}
