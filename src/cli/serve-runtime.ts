/**
 * Starts the gateway for `parapet serve`: policy, store, keys, traces and page come together, and the data folder learns where it
 * listens.
 */
import { randomBytes } from 'node:crypto'
import type { Parapet } from '../compose/index.ts'
import type { KeySource } from '../gateway/index.ts'
import { type DisagreementFile, openDisagreementFile } from './disagreement-file.ts'
import { usageError } from './exit.ts'
import { startTelemetry } from '../telemetry/index.ts'
import { removeGatewayFile, writeGatewayFile } from './gateway-file.ts'
import { watchKeys } from './key-watch.ts'
import { DEFAULT_PORT } from './port.ts'
import type { GuardModels, RunningGateway, ServeSettings } from './runtime.ts'

export async function serveGateway(settings: ServeSettings): Promise<RunningGateway> {
  const gateway = await import('../gateway/index.ts')
  const host = settings.host ?? '127.0.0.1'
  const token = randomBytes(32).toString('base64url')
  const local = { name: 'parapet-cli', key: token, role: 'operator' } as const
  const keys = await watchKeys(settings.dataDir, settings.keys, local, settings.onPolicy)
  if (!keys.keyed && !gateway.isLoopback(host)) {
    throw usageError(
      `without keys only this machine is served, and ${host} is reachable from others. ` +
        'Make one with parapet keys add, or set PARAPET_API_KEYS to one or more keys separated by commas, or leave --host out.',
    )
  }
  const telemetry = await startTelemetry(settings.env)
  const kept =
    settings.disagreements === null ? null : await openDisagreementFile(settings.disagreements, settings.onDefect)
  const parapet = await open(settings, keys, kept)
  if (telemetry !== null) parapet.on(telemetry.listener)
  try {
    const running = await gateway.serve(
      { ...(await parapet.gateway()), close: () => parapet.close() },
      { host, port: settings.port ?? DEFAULT_PORT },
    )
    await writeGatewayFile(settings.dataDir, {
      url: running.url.replace('0.0.0.0', '127.0.0.1').replace('[::]', '[::1]'),
      pid: process.pid,
      ...(keys.keyed ? { token } : {}),
    })
    return {
      url: running.url,
      upstream: upstreamText(settings),
      store: parapet.decisions?.name ?? 'decisions are not kept (--store none)',
      keyed: keys.keyed,
      policyVersion: parapet.policyVersion,
      guards: parapet.rails,
      checker: {
        policyVersion: parapet.policyVersion,
        models: async () => modelsOfFile(settings.policy),
        check: (input) => parapet.check(input, { silent: true }),
        close: () => Promise.resolve(),
      },
      async close() {
        await running.close()
        await kept?.close()
        await telemetry?.shutdown()
        await removeGatewayFile(settings.dataDir)
        keys.close()
      },
    }
  } catch (error) {
    keys.close()
    await parapet.close()
    await kept?.close()
    await telemetry?.shutdown()
    throw error
  }
}

async function modelsOfFile(path: string | null): Promise<GuardModels> {
  const [{ BUILTIN_POLICY, loadPolicy }, { modelsOf }] = await Promise.all([
    import('../compose/index.ts'),
    import('./guard-models.ts'),
  ])
  return modelsOf(path === null ? BUILTIN_POLICY : await loadPolicy(path))
}

async function open(settings: ServeSettings, keys: KeySource, kept: DisagreementFile | null): Promise<Parapet> {
  const { createParapet } = await import('../compose/index.ts')
  const { store, upstreams } = settings
  const parapet = await createParapet(settings.policy ?? undefined, {
    keys,
    dataDir: settings.dataDir,
    limits: settings.limits,
    onDefect: settings.onDefect,
    console: true,
    ...(kept === null ? {} : { onDisagreement: (disagreement) => kept.add(disagreement) }),
    ...(store === 'none' ? {} : { store: store === 'embedded' ? 'embedded' : { url: store } }),
    ...(Object.keys(upstreams).length === 0 ? {} : { upstream: upstreams }),
  })
  parapet.on((event) => {
    if (event.type === 'policy-changed') settings.onPolicy(inForce(event.version, event.previous), true)
    if (event.type === 'policy-rejected')
      settings.onPolicy(`${event.message}\nThe change is not used; version ${event.kept} stays in force.`, false)
    if (event.type === 'warning-raised') settings.onPolicy(`warning: ${event.message}`, true)
  })
  return parapet
}

/** A version is the policy's hash, then the versions of the models that judge under it. */
function inForce(version: string, previous: string | null): string {
  const [policy, ...models] = version.split('+')
  if (previous === null || previous.split('+')[0] !== policy)
    return `the edited policy is in force (version ${version})`
  return `guard version ${models.join(', ')} is in force (version ${version}, before it ${previous})`
}

function upstreamText({ upstreams }: ServeSettings): string {
  const entries = Object.entries(upstreams)
  if (entries.length === 0) return 'small built-in chat model, for trying out (--upstream URL for a real one)'
  if (entries.length === 1) return withoutSecrets(entries[0]?.[1].url ?? '')
  return entries.map(([name, { url }]) => `${name} ${withoutSecrets(url)}`).join(', ')
}

/** A URL may carry a name and a password, and its query a key. */
function withoutSecrets(url: string): string {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
}
