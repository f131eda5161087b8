/**
 * Guard against secrets: keys, tokens, passwords, private keys, in what users send and in what models answer.
 *
 * Own patterns for shapes worth their microseconds, a library of rules for the long tail (handed in, asked only about stretches
 * that look like one of its tokens), names before values, and an entropy detector for the rest. Whether a secret is live is not
 * checked. Findings name the kind, never the secret.
 */
import type {
  Finding,
  Guard,
  GuardReport,
  GuardRequest,
  GuardStream,
  Stage,
  StreamBuffer,
  StreamStep,
  TextView,
} from '../../spec/index.ts'
import { STAGES } from '../../spec/index.ts'
import { ASSIGNMENT_PATTERNS } from './assignment-patterns.ts'
import { DEFAULT_ENTROPY, entropyPattern, type EntropyOptions } from './entropy.ts'
import { LONG_RUN, RunCutter, SECRET_RUNS, cutWhole, type CutStep, type Region } from './run-cutter.ts'
import { lintCandidates, lintStretches, type SecretLinter } from './secret-linter.ts'
import { tokenRuns } from './runs.ts'
import { CONTEXT, matchPattern, type SecretHit, type SecretPattern } from './secret-pattern.ts'
import { TOKEN_PATTERNS } from './token-patterns.ts'
import { WholeText } from './whole-text.ts'

/** Settings of the guard. */
export interface SecretsGuardOptions {
  readonly id: string
  /** Which rule set. There is one. */
  readonly rules?: 'recommended'
  /** Report tokens that look random. Default true. */
  readonly entropy?: boolean | Partial<EntropyOptions>
  readonly stages?: readonly Stage[]
  /** Values never reported: exact, or a prefix ending in `*`. */
  readonly allow?: readonly string[]
  /** Rules of a library beside the guard's own. */
  readonly linter?: SecretLinter
}

/** Raised when a shipped pattern changes. */
const RULES_VERSION = '1'
/** Values from vendors' documentation. */
const DOCUMENTED = ['AKIAIOSFODNN7EXAMPLE', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY']

/** Creates the guard. */
export function createSecretsGuard(options: SecretsGuardOptions): Guard {
  const search = new SecretSearch(options)
  return {
    specVersion: 'v1',
    id: options.id,
    version: search.version,
    stages: options.stages ?? STAGES,
    maxSpan: LONG_RUN,
    check: (request) => checkWhole(search, request),
    open: () => new SecretStream(search),
  }
}

function checkWhole(search: SecretSearch, request: GuardRequest): GuardReport | Promise<GuardReport> {
  const buffer = new WholeText(request.text)
  const findings = search.judge(buffer, cutWhole(buffer, SECRET_RUNS))
  return findings instanceof Promise ? findings.then((found) => ({ findings: found })) : { findings }
}

class SecretStream implements GuardStream {
  readonly #search: SecretSearch
  #cutter: RunCutter | null = null

  constructor(search: SecretSearch) {
    this.#search = search
  }

  advance(buffer: StreamBuffer): StreamStep | Promise<StreamStep> {
    // Most short texts are whole before they are looked at.
    if (this.#cutter === null && buffer.ended && buffer.start === 0) {
      return toStep(this.#search.judge(buffer, cutWhole(buffer, SECRET_RUNS)), buffer.end)
    }
    this.#cutter ??= new RunCutter(SECRET_RUNS)
    const found = this.#search.judge(buffer, this.#cutter.advance(buffer))
    return toStep(found, this.#cutter.done)
  }
}

function toStep(
  found: readonly Finding[] | Promise<readonly Finding[]>,
  settled: number,
): StreamStep | Promise<StreamStep> {
  const keep = Math.max(0, settled - CONTEXT)
  if (found instanceof Promise) return found.then((findings) => ({ findings, settled, keep }))
  return { findings: found, settled, keep }
}

/** A region with what was found in it. Offsets of hits count in the view. */
interface Searched {
  readonly region: Region
  readonly view: TextView
  /** Its runs of token characters. */
  readonly runs: string
  readonly hits: SecretHit[]
}

class SecretSearch {
  readonly version: string
  readonly #named: readonly SecretPattern[]
  readonly #linter: SecretLinter | undefined
  readonly #exact: ReadonlySet<string>
  readonly #prefixes: readonly string[]

  constructor(options: SecretsGuardOptions) {
    const { entropy = true, linter, allow = [] } = options
    const settings = { ...DEFAULT_ENTROPY, ...(typeof entropy === 'object' ? entropy : {}) }
    this.#named = entropy === false ? ASSIGNMENT_PATTERNS : [...ASSIGNMENT_PATTERNS, entropyPattern(settings)]
    this.#linter = linter
    this.#exact = new Set([...DOCUMENTED, ...allow.filter((value) => !value.endsWith('*'))])
    this.#prefixes = allow.filter((value) => value.endsWith('*')).map((value) => value.slice(0, -1))
    const tuning = entropy === false ? 'off' : `${settings.threshold},${settings.minLength}`
    this.version = JSON.stringify([RULES_VERSION, tuning, linter?.version ?? null, allow])
  }

  /** Searches the regions of one step. Asynchronous only when the library has to be asked. */
  judge(buffer: StreamBuffer, step: CutStep): readonly Finding[] | Promise<readonly Finding[]> {
    const findings: Finding[] = step.keys.map((span) => toFinding('private_key', 1, span))
    const searched: Searched[] = []
    for (const region of step.regions) {
      const view = buffer.view(Math.max(buffer.start, region.look), region.until)
      const shifted = { ...region, look: Math.max(buffer.start, region.look) }
      const runs = tokenRuns(view.normalised)
      const hits: SecretHit[] = []
      for (const pattern of TOKEN_PATTERNS) matchPattern(pattern, view.normalised, runs, hits)
      searched.push({ region: shifted, view, runs, hits })
    }
    const { stretches, owners } = this.#unexplained(searched)
    if (this.#linter === undefined || stretches.length === 0) return this.#finish(searched, findings)
    return lintStretches(this.#linter, stretches).then((answers) => {
      answers.forEach((answer, index) => {
        const owner = owners[index]
        for (const { kind, start, end } of answer) {
          owner?.searched.hits.push({ kind, start: owner.start + start, end: owner.start + end, score: 1 })
        }
      })
      return this.#finish(searched, findings)
    })
  }

  #unexplained(all: readonly Searched[]): { stretches: string[]; owners: { searched: Searched; start: number }[] } {
    const stretches: string[] = []
    const owners: { searched: Searched; start: number }[] = []
    if (this.#linter === undefined) return { stretches, owners }
    for (const searched of all) {
      const text = searched.view.normalised
      const candidates = lintCandidates(text, searched.runs)
      if (candidates.length === 0) continue
      const explained = new Cover(text.length)
      for (const hit of searched.hits) explained.take(hit)
      for (const { start, end } of candidates) {
        if (!explained.isFree(start, end)) continue
        const [origin] = searched.view.toOriginal(start, start + 1)
        if (searched.region.look + origin < searched.region.from) continue
        stretches.push(text.slice(start, end))
        owners.push({ searched, start })
      }
    }
    return { stretches, owners }
  }

  #finish(all: readonly Searched[], findings: Finding[]): readonly Finding[] {
    for (const { region, view, runs, hits } of all) {
      const text = view.normalised
      const kept: SecretHit[] = []
      const cover = new Cover(text.length)
      const keep = (hit: SecretHit): void => {
        if (cover.take(hit)) kept.push(hit)
      }
      hits.forEach(keep)
      for (const pattern of this.#named) {
        const more: SecretHit[] = []
        matchPattern(pattern, text, runs, more)
        more.forEach(keep)
      }
      for (const hit of kept) {
        const [start, end] = view.toOriginal(hit.start, hit.end)
        const span = { start: region.look + start, end: region.look + end }
        if (span.start < region.from || span.start >= region.to) continue
        if (!this.#allowed(text.slice(hit.start, hit.end))) findings.push(toFinding(hit.kind, hit.score, span))
      }
    }
    return findings.length > 1 ? findings.sort(byPosition) : findings
  }

  #allowed(value: string): boolean {
    return this.#exact.has(value) || this.#prefixes.some((prefix) => value.startsWith(prefix))
  }
}

/** Which characters a finding has taken. Allocates nothing until there is one. */
class Cover {
  readonly #length: number
  #taken: Uint8Array | null = null

  constructor(length: number) {
    this.#length = length
  }

  isFree(start: number, end: number): boolean {
    return this.#taken === null || this.#taken.subarray(start, end).indexOf(1) < 0
  }

  /** Takes the characters of a hit unless one is taken already. */
  take(hit: SecretHit): boolean {
    if (!this.isFree(hit.start, hit.end)) return false
    this.#taken ??= new Uint8Array(this.#length)
    this.#taken.fill(1, hit.start, hit.end)
    return true
  }
}

function toFinding(kind: string, score: number, span: { start: number; end: number }): Finding {
  return {
    label: `secret.${kind}`,
    score,
    span,
    replacement: '[SECRET]',
    reason: `Looks like a secret (${kind}).`,
    action: 'block',
  }
}

function byPosition(left: Finding, right: Finding): number {
  return (left.span?.start ?? 0) - (right.span?.start ?? 0) || (left.span?.end ?? 0) - (right.span?.end ?? 0)
}
