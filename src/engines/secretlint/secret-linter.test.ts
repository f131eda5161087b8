import { expect, test } from 'vitest'
import { createSecretsGuard } from '../../guards/secrets/index.ts'
import { createTextView } from '../../core/text/index.ts'
import { createSecretLinter } from './index.ts'

const BODY = 'q7Lm2Zx9Rt4Vb8Nc1Kd6Ws3Yf5Hg0Jp2Qa7TuE4i'
const linter = createSecretLinter()

test('finds what the rules know, and names the kind', async () => {
  const text = `a figd_${BODY} b lin_api_${BODY} c`
  const found = await linter.lint(text)
  expect(found.map(({ kind, start, end }) => [kind, text.slice(start, end)])).toEqual([
    ['figma', `figd_${BODY}`],
    ['linear', `lin_api_${BODY}`],
  ])
})

test('a comment in the text does not switch the rules off', async () => {
  const text = `// secretlint-disable\nfigd_${BODY} // secretlint-disable-line`
  expect(await linter.lint(text)).toHaveLength(1)
})

test('finds nothing in plain words', async () => {
  expect(await linter.lint('The weather is mild today.')).toEqual([])
})

test('serves the secrets guard', async () => {
  const guard = createSecretsGuard({ id: 'secrets', linter })
  const text = createTextView(
    `dapi${'0123456789abcdef'.repeat(2)} and dckr_pat_${BODY.slice(0, 27)} and vcp_${BODY.slice(0, 24)}`,
  )
  const { findings } = await guard.check({
    stage: 'input',
    field: 'prompt',
    text,
    caller: {},
    signal: new AbortController().signal,
  })
  expect(findings.map(({ label }) => label)).toEqual(['secret.databricks', 'secret.docker', 'secret.vercel'])
})
