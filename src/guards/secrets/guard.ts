/**
 * Finds secrets: vendors' tokens by their shape, values by the name before them, random-looking tokens by entropy, private keys by
 * their first line, and what a library of rules knows beside that. Spans cover the secret only; reasons never hold it.
 */
import { createPatternScanner, regExpMatcher } from '../../core/scan/index.ts'
import type { Finding, Guard, GuardReport, GuardStream, Stage, StreamStep } from '../../spec/index.ts'
import { STAGES } from '../../spec/index.ts'
import type { EntropyOptions } from './entropy.ts'
import { DEFAULT_ENTROPY } from './entropy.ts'
import type { SecretLinter } from './linter.ts'
import { createSearch, searchSecrets, toFinding } from './scan.ts'
import { SecretsStream } from './stream.ts'

export interface SecretsGuardOptions {
  readonly id?: string
  /** Rules of a library, beside the own ones. */
  readonly linter?: SecretLinter
  /** Random-looking tokens. Default true. */
  readonly entropy?: boolean | EntropyOptions
  /** Known values that are no secrets, as written. */
  readonly allow?: readonly string[]
  readonly action?: Finding['action']
  readonly stages?: readonly Stage[]
}

/** The first line of a private key is enough: what follows need not be seen. */
const PRIVATE_KEY = createPatternScanner([
  {
    id: 'secret.private_key',
    pattern: regExpMatcher(/-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----/g),
    maxLength: 80,
    on: 'original',
    needs: (text) => text.includes('-----BEGIN '),
    accept: () => ({ label: 'secret.private_key', score: 1, replacement: '[SECRET]', action: 'block', reason: 'Contains a private key.' }),
  },
])

/** Characters of a token that are held back until it ends. Longer ones are found, but may have begun to show. */
const LONGEST_TOKEN = 512

/** Creates the guard. */
export function createSecretsGuard(options: SecretsGuardOptions = {}): Guard {
  const { id = 'secrets', linter = null, entropy = true, allow = [], action, stages = STAGES } = options
  const search = createSearch(entropy === true ? DEFAULT_ENTROPY : entropy === false ? null : entropy, linter, allow)
  const own = (findings: readonly Finding[]): readonly Finding[] => (action === undefined ? findings : findings.map((finding) => ({ ...finding, action })))
  return {
    specVersion: 'v1',
    id,
    version: `1:${linter !== null}:${JSON.stringify([entropy, allow, action])}`,
    stages,
    maxSpan: LONGEST_TOKEN,
    check({ text }) {
      const keys = PRIVATE_KEY.scan(text)
      const hits = searchSecrets(search, text.original)
      const report = (found: Awaited<typeof hits>): GuardReport => ({ findings: own([...keys, ...found.map((hit) => toFinding(hit))]) })
      return hits instanceof Promise ? hits.then(report) : report(hits)
    },
    open: () => new BothStreams(PRIVATE_KEY.open(), new SecretsStream(search), own),
  }
}

/** Two sessions over one buffer. */
class BothStreams implements GuardStream {
  readonly #first: GuardStream
  readonly #second: GuardStream
  readonly #own: (findings: readonly Finding[]) => readonly Finding[]

  constructor(first: GuardStream, second: GuardStream, own: (findings: readonly Finding[]) => readonly Finding[]) {
    this.#first = first
    this.#second = second
    this.#own = own
  }

  async advance(buffer: Parameters<GuardStream['advance']>[0]): Promise<StreamStep> {
    const [first, second] = await Promise.all([this.#first.advance(buffer), this.#second.advance(buffer)])
    return {
      findings: this.#own([...first.findings, ...second.findings]),
      settled: Math.min(first.settled, second.settled),
      keep: Math.min(first.keep, second.keep),
    }
  }
}
