/** Engines and stores that guards are handed, each made once and only when a guard needs it. */
import { join } from 'node:path'
import type { ClassifierEngine, LanguageModelEngine } from '../spec/index.ts'
import { loadChatModel, loadEmbeddedClassifier } from '../engines/embedded/index.ts'
import { createSecretLinter } from '../engines/secretlint/index.ts'
import type { Vault } from '../store/index.ts'
import { createKeyedHash, createVault } from '../store/index.ts'
import { systemClock } from './clock.ts'
import { createGuardVersions } from './guard-versions.ts'
import { createJudgeEngines } from './judge-engine.ts'
import type { DeepSetting, SharedParts } from './registry.ts'
import { createTextModels } from './text-models.ts'

export { examineDeepTier } from '../engines/embedded/examine-deep-tier.ts'
export type { DeepTierReport } from '../engines/embedded/examine-deep-tier.ts'

export interface PartOptions {
  /** Replaces the embedded classifier, its deep tier included. */
  readonly classifier?: ClassifierEngine
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where tables of pseudonyms outlive the process. Without it they are kept in memory only. */
  readonly dataDir?: string
  /** Told where a classifier and the judge behind it disagree. */
  readonly disagreed?: SharedParts['disagreed']
  /** Told when a judge's server is left alone because it failed, and when it is back. */
  readonly warn?: (message: string) => void
}

export interface Parts extends SharedParts {
  close(): Promise<void>
}

const shipped = new Map<DeepSetting, Promise<ClassifierEngine>>()
let chat: Promise<LanguageModelEngine> | undefined

/** The shipped classifier, loaded once a process for each setting of its deep tier. */
export function shippedClassifier(deep: DeepSetting): Promise<ClassifierEngine> {
  const known = shipped.get(deep)
  if (known !== undefined) return known
  const loading = loadEmbeddedClassifier(undefined, { deep }).then(prepared)
  shipped.set(deep, loading)
  return loading
}

/** The deep tier loads beside whatever starts: the first text it is asked about should not wait out its deadline. */
function prepared(engine: ClassifierEngine): ClassifierEngine {
  // What fails is told by the first text the deep tier is asked about.
  engine.prepare?.().catch(() => undefined)
  return engine
}

/** The shipped chat model, loaded once a process. */
export function shippedChatModel(): Promise<LanguageModelEngine> {
  return (chat ??= loadChatModel())
}

export function createParts(options: PartOptions): Parts {
  const key = options.env['PARAPET_VAULT_KEY']
  let vault: Vault | undefined
  const textModels = createTextModels()
  const judges = createJudgeEngines(options.env, systemClock, options.warn)
  return {
    classifier: async (deep) => options.classifier ?? shippedClassifier(deep),
    version: createGuardVersions(),
    completion: judges.completion,
    textModels,
    disagreed: options.disagreed ?? (() => undefined),
    linter: createSecretLinter(),
    vault: () =>
      (vault ??= createVault({
        ...(key === undefined ? {} : { key }),
        ...(options.dataDir === undefined ? {} : { file: join(options.dataDir, 'pseudonyms.json') }),
      })),
    hash: () => createKeyedHash(key),
    async close() {
      vault?.close()
      await Promise.all([textModels.close(), judges.close()])
    },
  }
}
