/**
 * Takes personal data and secrets out of a text before it is kept, and counts by kind what it took out. It repeats until it finds nothing:
 * a mask may join two halves of something. A text in which something is found again and again is not kept at all.
 */
import { replacementsOf } from '../../../core/pipeline/decide.ts'
import { createTextView } from '../../../core/text/index.ts'
import { createSecretLinter } from '../../../engines/secretlint/index.ts'
import { createPiiGuard, type NameFinder } from '../../../guards/pii/index.ts'
import { loadNameFinder } from '../../../guards/pii/names.ts'
import { createSecretsGuard } from '../../../guards/secrets/index.ts'
import { ParapetError, type Finding, type Guard } from '../../../spec/index.ts'

/** Passes after which a text that still holds something is given up. */
const PASSES = 4

export interface Redacted {
  readonly text: string
  /** Values masked, by label such as `pii.email`. */
  readonly masked: Readonly<Record<string, number>>
}

/** Null for a text that could not be cleaned; rejects where a guard fails. */
export type Redactor = (text: string) => Promise<Redacted | null>

/**
 * @param finder finds names of persons within sentences; null looks for none; absent: the optional package, where it is installed
 * @returns the redactor, and whether it finds such names
 */
export async function createRedactor(
  finder?: NameFinder | null,
): Promise<{ readonly redact: Redactor; readonly names: boolean }> {
  const findNames = finder === undefined ? await installedFinder() : finder
  const guards = [
    createSecretsGuard({ id: 'secrets', linter: createSecretLinter() }),
    // Names after a title need no package.
    createPiiGuard({ id: 'pii', mode: 'mask', names: true, nameFinder: findNames ?? (() => []) }),
  ]
  const redact: Redactor = async (given) => {
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
  return { redact, names: findNames !== null }
}

/** Null where the package is not installed. */
async function installedFinder(): Promise<NameFinder | null> {
  try {
    return await loadNameFinder()
  } catch (error) {
    if (ParapetError.isInstance(error) && error.code === 'engine_unavailable') return null
    throw error
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
