/**
 * What `capture: redacted` takes out of texts before they are kept: personal data and secrets, as the guards for both find them with
 * their default options, whatever the policy's rails say.
 */
import { replacementsOf } from '../core/pipeline/decide.ts'
import { createTextView } from '../core/text/index.ts'
import { createPiiGuard } from '../guards/pii/index.ts'
import type { SecretLinter } from '../guards/secrets/index.ts'
import { createSecretsGuard } from '../guards/secrets/index.ts'
import type { Finding, Guard } from '../spec/index.ts'
import type { Redact } from '../store/index.ts'

/** Characters looked at beyond those that are kept: what begins before the border may end behind it. */
const BEYOND = 8192

export function createRedaction(linter: SecretLinter): Redact {
  const guards = [createSecretsGuard({ id: 'secrets', linter }), createPiiGuard({ id: 'pii', mode: 'mask' })]
  return async (text, keep) => {
    if (text === '' || keep === 0) return ''
    const seen = text.slice(0, keep + BEYOND)
    const findings = (await Promise.all(guards.map((guard) => findingsOf(guard, seen)))).flat()
    return without(seen, findings, keep)
  }
}

async function findingsOf(guard: Guard, text: string): Promise<readonly Finding[]> {
  const { findings } = await guard.check({
    stage: 'output',
    field: 'response',
    text: createTextView(text),
    caller: {},
    signal: new AbortController().signal,
  })
  return findings
}

function without(text: string, findings: readonly Finding[], keep: number): string {
  const ruled = findings.map((finding) => ({ finding, guard: '', action: 'modify', shadow: false }) as const)
  let kept = ''
  let from = 0
  for (const { start, end, text: replacement } of replacementsOf(ruled, text.length)) {
    if (start >= keep) break
    kept += text.slice(from, start) + replacement
    from = end
  }
  return kept + text.slice(from, Math.max(from, keep))
}
