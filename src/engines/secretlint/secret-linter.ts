/**
 * The rules of secretlint's recommended preset, run on text in memory.
 *
 * Its comment filter is left out: text to be judged could carry a comment that switches the rules off. Rules for whole files
 * (P12, service-account JSON) and for what the guard finds itself (PEM keys, URLs) are left out too. The rules are run here and
 * not by `@secretlint/core`, whose profiler keeps an entry for every rule of every call and never forgets one. Loaded on first
 * use.
 */
import { ParapetError } from '../../spec/index.ts'

/** What a rule found. */
export interface LintedSecret {
  /** Rule name without its prefix, for example `figma`. */
  readonly kind: string
  readonly start: number
  readonly end: number
}

/** The same shape as the secrets guard takes. */
export interface SecretLinter {
  readonly id: string
  readonly version: string
  lint(text: string): Promise<readonly LintedSecret[]>
}

type Lint = (text: string) => Promise<readonly LintedSecret[]>
type Rule = (typeof import('@secretlint/secretlint-rule-preset-recommend'))['rules'][number]
type Context = Parameters<Rule['create']>[0]
type Source = Parameters<NonNullable<ReturnType<Rule['create']>['file']>>[0]

const LEFT_OUT = /-rule-(?:filter-comments|gcp|privatekey|basicauth|database-connection-string)$/
const VERSION = 'secretlint-12'
const KINDS: Readonly<Record<string, string>> = {
  aws: 'aws_secret_key',
  'hashicorp-vault': 'vault',
  '1password': 'onepassword',
}
/** Rules ask for words to report with; nothing of them is used, as they hold the secret. */
const WORDLESS = ((messageId: string) => ({ message: '', messageId })) as ReturnType<Context['createTranslator']>

/** Creates the linter. Nothing is loaded before its first use. */
export function createSecretLinter(): SecretLinter {
  let loading: Promise<Lint> | undefined
  return {
    id: 'secretlint',
    version: VERSION,
    async lint(text) {
      loading ??= load()
      return (await loading)(text)
    },
  }
}

async function load(): Promise<Lint> {
  try {
    const { rules } = await import('@secretlint/secretlint-rule-preset-recommend')
    const used = rules.filter((rule) => !LEFT_OUT.test(rule.meta.id))
    return (text) => runRules(used, text)
  } catch (cause) {
    const message = 'The secret rules could not be loaded. Install @secretlint/secretlint-rule-preset-recommend.'
    throw new ParapetError('engine_unavailable', message, { cause })
  }
}

async function runRules(rules: readonly Rule[], content: string): Promise<readonly LintedSecret[]> {
  const found: LintedSecret[] = []
  const source = { content, filePath: 'text.txt', ext: '.txt', contentType: 'text' } as Source
  const pending: unknown[] = []
  for (const rule of rules) {
    const kind = kindOf(rule.meta.id)
    const context: Context = {
      sharedOptions: {},
      createTranslator: (() => WORDLESS) as Context['createTranslator'],
      report: ({ range }) => found.push({ kind, start: range[0], end: range[1] }),
      ignore: () => {},
    }
    pending.push(rule.create(context, {}).file?.(source))
  }
  await Promise.all(pending)
  return found.sort((left, right) => left.start - right.start)
}

function kindOf(ruleId: string): string {
  const name = ruleId.slice(ruleId.indexOf('-rule-') + 6)
  return KINDS[name] ?? name.replaceAll('-', '_')
}
