/**
 * The rules of secretlint (`@secretlint/secretlint-rule-preset-recommend`) as a function from text to secrets. Runs in the process,
 * reads no file, opens no connection. Loaded on first use.
 */

/** A secret the library found; offsets in UTF-16 units, end exclusive. */
export interface LintedSecret {
  readonly kind: string
  readonly start: number
  readonly end: number
}

/** Makes the linter ready. */
export async function createSecretLinter(): Promise<(text: string) => Promise<readonly LintedSecret[]>> {
  const [{ lintSource }, { rules }] = await Promise.all([import('@secretlint/core'), import('@secretlint/secretlint-rule-preset-recommend')])
  // Comments such as `secretlint-disable` must not switch a guard off, so the filter among the rules is left out.
  const config = { rules: rules.filter(({ meta }) => meta.type === 'scanner').map((rule) => ({ id: rule.meta.id, rule, options: {} })) }
  return async (text) => {
    const source = { filePath: 'text.txt', content: text, contentType: 'text', ext: '.txt' } as const
    const { messages } = await lintSource({ source, options: { config, noPhysicFilePath: true } })
    return messages.map(({ ruleId, range: [start, end] }) => ({ kind: ruleId.split('-').at(-1) ?? 'library', start, end }))
  }
}
