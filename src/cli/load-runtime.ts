/**
 * The real `Runtime`: each part of Parapet is imported when a command first uses it.
 */
import { basename } from 'node:path'
import type { Parapet } from '../compose/index.ts'
import type { Policy, RailEntry } from '../spec/policy.ts'
import { STAGES } from '../spec/stage.ts'
import { usageError } from './exit.ts'
import { examineModelFiles, examinePeers, packageVersion } from './package-files.ts'
import { DEFAULT_PORT } from './port.ts'
import type { CasesReport, Checker, PolicyReport, RunningGateway, Runtime, ServeSettings } from './runtime.ts'

/** The runtime of the installed package. */
export function createRuntime(): Runtime {
  return {
    version: packageVersion(),
    openChecker,
    policyTemplate: async () => (await import('../compose/index.ts')).POLICY_TEMPLATE,
    checkPolicy,
    runCases,
    serve,
    examineFiles: () => examineModelFiles(),
    examinePeers,
  }
}

async function openChecker(policy: string | null): Promise<Checker> {
  return openParapet(policy)
}

async function openParapet(policy: string | null): Promise<Parapet> {
  const { createParapet } = await import('../compose/index.ts')
  return createParapet(policy ?? undefined, { watch: false })
}

async function checkPolicy(path: string | null): Promise<PolicyReport> {
  const { checkPolicyFile } = await import('../compose/index.ts')
  const report = await checkPolicyFile(path)
  return {
    issues: report.issues,
    version: report.version,
    warnings: report.notes.map(({ key, message, remedy, ...place }) => ({ ...place, key, message, remedy })),
    pseudonyms: report.policy !== null && usesPseudonyms(report.policy),
  }
}

/** Whether any guard replaces values by pseudonyms that are put back later. */
export function usesPseudonyms(policy: Policy): boolean {
  return Object.values(policy.guards ?? {}).some((definition) => JSON.stringify(definition).includes('"pseudonym"'))
}

async function runCases(policy: string | null, cases: string, file: string): Promise<CasesReport> {
  const { failureText, runPolicyCases, toJUnit } = await import('../compose/index.ts')
  const parapet = await openParapet(policy)
  try {
    const report = await runPolicyCases((input) => parapet.check(input), cases)
    const failed = report.results.filter((result) => !result.passed)
    return {
      passed: report.results.length - failed.length,
      failed: failed.length,
      failures: failed.map((result) => `${result.name}: ${failureText(result)}`),
      junit: toJUnit(report, basename(file)),
      json: report,
    }
  } finally {
    await parapet.close()
  }
}

async function serve(settings: ServeSettings): Promise<RunningGateway> {
  const [{ BUILTIN_POLICY, createParapet, loadPolicy }, gateway] = await Promise.all([
    import('../compose/index.ts'),
    import('../gateway/index.ts'),
  ])
  const host = settings.host ?? '127.0.0.1'
  if (settings.keys.length === 0 && !gateway.isLoopback(host)) {
    throw usageError(
      `without keys only this machine is served, and ${host} is reachable from others. ` +
        'Set PARAPET_API_KEYS to one or more keys separated by commas, or leave --host out.',
    )
  }
  const parapet = await createParapet(settings.policy ?? undefined, {
    keys: settings.keys,
    dataDir: settings.dataDir,
    ...(settings.upstream === undefined
      ? {}
      : {
          upstream: {
            url: settings.upstream,
            ...(settings.upstreamKey === undefined ? {} : { apiKey: settings.upstreamKey }),
          },
        }),
  })
  parapet.on((event) => {
    if (event.type === 'policy-changed')
      settings.onPolicy(`the edited policy is in force (version ${event.version})`, true)
    if (event.type === 'policy-rejected')
      settings.onPolicy(`${event.message}\nThe edit is not used; version ${event.kept} stays in force.`, false)
    if (event.type === 'warning-raised') settings.onPolicy(`warning: ${event.message}`, true)
  })
  try {
    const policy = settings.policy === null ? BUILTIN_POLICY : await loadPolicy(settings.policy)
    const running = await gateway.serve(
      { ...(await parapet.gateway()), close: () => parapet.close() },
      { host, port: settings.port ?? DEFAULT_PORT },
    )
    return {
      url: running.url,
      upstream:
        settings.upstream === undefined
          ? 'small built-in model, for trying out (--upstream URL for a real one)'
          : withoutSecrets(settings.upstream),
      policyVersion: parapet.policyVersion,
      guards: guardsByStage(policy),
      checker: parapet,
      close: () => running.close(),
    }
  } catch (error) {
    await parapet.close()
    throw error
  }
}

/** Names in the rails, stages without guards left out. */
export function guardsByStage(policy: Policy): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    STAGES.flatMap((stage) => {
      const entries = policy.rails?.[stage] ?? []
      return entries.length === 0 ? [] : [[stage, entries.map(entryName)] as const]
    }),
  )
}

function entryName(entry: RailEntry): string {
  if (typeof entry === 'string') return entry
  return entry.shadow === true ? `${entry.guard} (shadow)` : entry.guard
}

/** A URL may carry a name and a password, and its query a key. */
function withoutSecrets(url: string): string {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
}
