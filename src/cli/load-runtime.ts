/**
 * The real `Runtime`: each part of Parapet is imported when a command first uses it.
 */
import { basename } from 'node:path'
import type { Parapet } from '../compose/index.ts'
import type { Policy } from '../spec/policy.ts'
import { examineModelFiles, examinePeers, packageVersion } from './package-files.ts'
import type { CasesReport, Checker, PolicyReport, Runtime } from './runtime.ts'

/** The runtime of the installed package. */
export function createRuntime(): Runtime {
  return {
    version: packageVersion(),
    openChecker,
    openRules,
    openJudge: async (...named) => (await import('../compose/policy-judge.ts')).openPolicyJudge(...named),
    policyTemplate: async () => (await import('../compose/index.ts')).POLICY_TEMPLATE,
    checkPolicy,
    runCases,
    serve: async (settings) => (await import('./serve-runtime.ts')).serveGateway(settings),
    pingStore: async (url) => (await import('../compose/index.ts')).pingStore(url),
    examineFiles: () => examineModelFiles(),
    examineDeepTier: async () => (await import('../compose/engines.ts')).examineDeepTier(),
    examinePeers,
  }
}

async function openChecker(policy: string | null): Promise<Checker> {
  const parapet = await openParapet(policy)
  const loaded = async (): Promise<Policy> => {
    const { BUILTIN_POLICY, loadPolicy } = await import('../compose/index.ts')
    return policy === null ? BUILTIN_POLICY : loadPolicy(policy)
  }
  return {
    policyVersion: parapet.policyVersion,
    check: (input, options) => parapet.check(input, options),
    judgesScope: async () => (await import('../compose/scope-guards.ts')).judgesScope(await loaded()),
    models: async () => (await import('./guard-models.ts')).modelsOf(await loaded()),
    close: () => parapet.close(),
  }
}

async function openRules(): Promise<Checker> {
  const { BUILTIN_POLICY, createParapet } = await import('../compose/index.ts')
  const { input = [], output = [] } = BUILTIN_POLICY.rails ?? {}
  const isRule = (entry: (typeof input)[number]): boolean => entry !== 'classifier'
  return createParapet({ ...BUILTIN_POLICY, rails: { input: input.filter(isRule), output: output.filter(isRule) } })
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
    ...(report.versions.length === 0 ? {} : { versions: report.versions }),
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
