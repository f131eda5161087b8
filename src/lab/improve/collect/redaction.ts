/**
 * Takes personal data and secrets out of a text before it is kept, and counts by kind what it took out. It repeats until it finds nothing:
 * a mask may join two halves of something. A text in which something is found again and again is not kept at all.
 */
import { replacementsOf } from '../../../core/pipeline/decide.ts'
import { createTextView } from '../../../core/text/index.ts'
import { createSecretLinter } from '../../../engines/secretlint/index.ts'
import { createPiiGuard } from '../../../guards/pii/index.ts'
import { createSecretsGuard } from '../../../guards/secrets/index.ts'
import type { Finding, Guard } from '../../../spec/index.ts'

/** Passes after which a text that still holds something is given up. */
const PASSES = 4

export interface Redacted {
  readonly text: string
  /** Values masked, by label such as `pii.email`. */
  readonly masked: Readonly<Record<string, number>>
}

/** Null for a text that could not be cleaned; rejects where a guard fails. */
export type Redactor = (text: string) => Promise<Redacted | null>

export function createRedactor(): Redactor {
  const guards = [
    createSecretsGuard({ id: 'secrets', linter: createSecretLinter() }),
    createPiiGuard({ id: 'pii', mode: 'mask' }),
  ]
  return async (given) => {
    const masked: Record<string, number> = {}
    let text = given
    for (let pass = 0; pass < PASSES; pass += 1) {
      const findings = text === '' ? [] : (await Promise.all(guards.map((guard) => findingsOf(guard, text)))).flat()
      const cleaned = without(text, findings)
      if (cleaned === text) return { text, masked }
      for (const { label } of findings) masked[label] = (masked[label] ?? 0) + 1
      text = cleaned
    }
    return null
  }
}

async function findingsOf(guard: Guard, text: string): Promise<readonly Finding[]> {
  const { findings } = await guard.check({
    ...{ stage: 'output', field: 'response', text: createTextView(text), caller: {} },
    signal: new AbortController().signal,
  })
  return findings
}

function without(text: string, findings: readonly Finding[]): string {
  const ruled = findings.map((finding) => ({ finding, guard: '', action: 'modify', shadow: false }) as const)
  let kept = ''
  let from = 0
  for (const { start, end, text: replacement } of replacementsOf(ruled, text.length)) {
    kept += text.slice(from, start) + replacement
    from = end
  }
  return kept + text.slice(from)
}
