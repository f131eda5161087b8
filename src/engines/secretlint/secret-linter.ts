/**
 * The rules of secretlint's recommended preset, run on text in memory.
 *
 * Its comment filter is left out: text to be judged could carry a comment that switches the rules off. Rules for whole files
 * (P12, service-account JSON) and for PEM keys are left out too; the guard finds PEM keys itself. Loaded on first use.
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

const LEFT_OUT = /-rule-(?:filter-comments|gcp|privatekey|basicauth|database-connection-string)$/
const VERSION = 'secretlint-12'
const KINDS: Readonly<Record<string, string>> = {
  aws: 'aws_secret_key',
  'hashicorp-vault': 'vault',
  '1password': 'onepassword',
}

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
    const [{ lintSource }, { rules }] = await Promise.all([
      import('@secretlint/core'),
      import('@secretlint/secretlint-rule-preset-recommend'),
    ])
    const config = {
      rules: rules
        .filter((rule) => !LEFT_OUT.test(rule.meta.id))
        .map((rule) => ({ id: rule.meta.id, rule, options: {} })),
    }
    return async (content) => {
      const { messages } = await lintSource({
        source: { filePath: 'text.txt', content, contentType: 'text', ext: '.txt' },
        options: { config, noPhysicFilePath: true },
      })
      return messages.map(({ ruleId, range }) => ({ kind: kindOf(ruleId), start: range[0], end: range[1] }))
    }
  } catch (cause) {
    const message =
      'The secret rules could not be loaded. Install @secretlint/core and @secretlint/secretlint-rule-preset-recommend.'
    throw new ParapetError('engine_unavailable', message, { cause })
  }
}

function kindOf(ruleId: string): string {
  const name = ruleId.slice(ruleId.indexOf('-rule-') + 6)
  return KINDS[name] ?? name.replaceAll('-', '_')
}
