/**
 * The guard for personal data: finds it, and says what each finding becomes (a mask, a keyed hash, a reversible pseudonym).
 *
 * It decides nothing: labels are `pii.<kind>`, and what happens to them is the policy's. Values never leave it except into the
 * vault.
 */
import { createPatternScanner } from '../../core/scan/index.ts'
import type { PatternScanner, Recogniser } from '../../core/scan/index.ts'
import { ParapetError } from '../../spec/errors.ts'
import type { Caller } from '../../spec/exchange.ts'
import type {
  Finding,
  Guard,
  GuardReport,
  GuardRequest,
  GuardStream,
  StreamRequest,
  StreamStep,
} from '../../spec/guard.ts'
import type { Stage } from '../../spec/stage.ts'
import { STAGES } from '../../spec/stage.ts'
import type { StreamBuffer } from '../../spec/text.ts'
import type { PseudonymVault } from '../../spec/vault.ts'
import { ADDRESSES } from './address.ts'
import type { Shape } from './candidate.ts'
import { toRecogniser } from './candidate.ts'
import type { PiiCountry, PiiKind } from './kinds.ts'
import { COUNTRY_OF_KIND, PII_COUNTRIES, PII_KINDS } from './kinds.ts'
import type { NameFinder } from './names.ts'
import { loadNameFinder } from './names.ts'
import type { Located } from './overlap.ts'
import { OverlapResolver, toLocated } from './overlap.ts'
import { phoneRecogniser } from './phone.ts'
import { forgetProfile } from './profile.ts'
import { createRestorer, literalRecogniser } from './pseudonyms.ts'
import { NATIONAL } from './recognisers-national.ts'
import { HONORIFICS, INTRODUCTIONS, PERSONAL } from './recognisers-personal.ts'
import { TECHNICAL } from './recognisers-technical.ts'

/** What a finding becomes. `detect` only reports. */
export type PiiMode = 'detect' | 'mask' | 'hash' | 'pseudonym'

export interface PiiGuardOptions {
  readonly id: string
  readonly mode: PiiMode
  /** Default: all kinds. */
  readonly kinds?: readonly PiiKind[]
  /** Countries whose national numbers and telephone formats count. Default: all. */
  readonly countries?: readonly PiiCountry[]
  /** Also names after titles, and names found by the optional package `compromise`. Default false: only self-introductions. */
  readonly names?: boolean
  /** Finds names instead of the package. */
  readonly nameFinder?: NameFinder
  /** Weaker findings are not reported. Default 0.5. */
  readonly minScore?: number
  /** Needed for `pseudonym`. */
  readonly vault?: PseudonymVault
  /** Needed for `hash`: a keyed digest of kind and value, eight hexadecimal digits or more. */
  readonly hash?: (kind: string, value: string) => string
  /** Default: all. */
  readonly stages?: readonly Stage[]
}

/** Changes with the recognisers: part of the guard's version. */
const RECOGNISERS_VERSION = 1

/** Where text that looks like a pseudonym is only text; what a model writes may be one of ours. */
const LITERAL_STAGES: readonly Stage[] = ['input', 'retrieval', 'tool_result']

/** A guard for personal data. */
export function createPiiGuard(options: PiiGuardOptions): Guard {
  validate(options)
  const recognisers = recognisersOf(options)
  const plain = createPatternScanner(recognisers)
  const { vault, mode } = options
  const guarded = mode === 'pseudonym' ? createPatternScanner([literalRecogniser(), ...recognisers]) : plain
  const scannerFor = (stage: Stage): PatternScanner => (LITERAL_STAGES.includes(stage) ? guarded : plain)
  const write = replacerOf(options)
  const findNames = nameSource(options)

  const report = (request: GuardRequest, extra: readonly Located[]): GuardReport => {
    const view = request.text
    const scanned = scannerFor(request.stage).scan(view)
    forgetProfile()
    if (scanned.length === 0 && extra.length === 0) return { findings: [] }
    const resolver = new OverlapResolver()
    resolver.add([...scanned.map(toLocated), ...extra])
    const textOf = (start: number, end: number): string => view.original.slice(start, end)
    const parts = resolver.take(Number.POSITIVE_INFINITY, textOf)
    return { findings: parts.map((part) => write(part, textOf(part.start, part.end), request)) }
  }

  return {
    specVersion: 'v1',
    id: options.id,
    version: versionOf(options),
    stages: options.stages ?? STAGES,
    cacheable: mode !== 'pseudonym',
    maxSpan: Math.max(guarded.maxSpan, 1),
    check:
      findNames === null
        ? (request) => report(request, [])
        : async (request) => report(request, await findNames(request)),
    ...(findNames === null
      ? { open: (request: StreamRequest) => new PiiStream(scannerFor(request.stage).open(), write, request) }
      : {}),
    ...(mode === 'pseudonym' && vault !== undefined ? { restore: createRestorer(vault) } : {}),
  }
}

type Replacer = (part: Located, value: string, request: { readonly caller: Caller; readonly stage: Stage }) => Finding

function replacerOf(options: PiiGuardOptions): Replacer {
  const { mode, vault, hash } = options
  return (part, value, request) => {
    const kind = part.label.slice('pii.'.length)
    const base = { label: part.label, score: part.score, span: { start: part.start, end: part.end } }
    if (mode === 'detect') return { ...base, action: 'flag' }
    const name = kind.toUpperCase()
    if (mode === 'hash' && hash !== undefined)
      return { ...base, action: 'modify', replacement: `[${name}:${hash(kind, value).slice(0, 8)}]` }
    // A pseudonym in the answer would be put back at once: what the model brings up by itself is masked.
    if (mode === 'pseudonym' && vault !== undefined && request.stage !== 'output') {
      return { ...base, action: 'modify', replacement: vault.pseudonym(kind, value, request.caller) }
    }
    return { ...base, action: 'modify', replacement: `[${name}]` }
  }
}

/** A scan whose findings wait until everything that may overlap them is known. */
class PiiStream implements GuardStream {
  readonly #scan: GuardStream
  readonly #write: Replacer
  readonly #request: StreamRequest
  readonly #resolver = new OverlapResolver()

  constructor(scan: GuardStream, write: Replacer, request: StreamRequest) {
    this.#scan = scan
    this.#write = write
    this.#request = request
  }

  advance(buffer: StreamBuffer): StreamStep | Promise<StreamStep> {
    const step = this.#scan.advance(buffer)
    forgetProfile()
    return step instanceof Promise ? step.then((done) => this.#finish(done, buffer)) : this.#finish(step, buffer)
  }

  #finish(step: StreamStep, buffer: StreamBuffer): StreamStep {
    this.#resolver.add(step.findings.map(toLocated))
    const textOf = (start: number, end: number): string => buffer.slice(start, end)
    const parts = this.#resolver.take(step.settled, textOf)
    const settled = Math.min(step.settled, this.#resolver.firstOpen)
    return {
      findings: parts.map((part) => this.#write(part, textOf(part.start, part.end), this.#request)),
      settled,
      keep: Math.min(step.keep, settled),
    }
  }
}

function recognisersOf(options: PiiGuardOptions): readonly Recogniser[] {
  const kinds = new Set(options.kinds ?? PII_KINDS)
  const countries = options.countries ?? PII_COUNTRIES
  const minScore = options.minScore ?? 0.5
  const wanted = (shape: Shape): boolean => {
    const country = COUNTRY_OF_KIND[shape.kind]
    return kinds.has(shape.kind) && (country === undefined || countries.includes(country))
  }
  const shapes = [
    ...TECHNICAL,
    ...NATIONAL,
    ...PERSONAL,
    ...ADDRESSES,
    ...INTRODUCTIONS,
    ...(options.names === true ? HONORIFICS : []),
  ]
  const recognisers = shapes.filter(wanted).map((shape) => toRecogniser(shape, minScore))
  return kinds.has('phone') ? [...recognisers, phoneRecogniser(countries, minScore)] : recognisers
}

/** Names by a library, or null when none was asked for. */
function nameSource(options: PiiGuardOptions): ((request: GuardRequest) => Promise<readonly Located[]>) | null {
  if (options.names !== true || (options.kinds !== undefined && !options.kinds.includes('name'))) return null
  let loading: Promise<NameFinder> | undefined
  return async ({ text }) => {
    loading ??= options.nameFinder === undefined ? loadNameFinder() : Promise.resolve(options.nameFinder)
    const find = await loading
    return find(text.normalised).map((span) => {
      const [start, end] = text.toOriginal(span.start, span.end)
      return { label: 'pii.name', score: 0.65, start, end }
    })
  }
}

function validate(options: PiiGuardOptions): void {
  const kind = options.kinds?.find((name) => !PII_KINDS.includes(name))
  if (kind !== undefined)
    throw new ParapetError(
      'configuration',
      `There is no kind ${kind} of personal data. Kinds: ${PII_KINDS.join(', ')}.`,
    )
  const country = options.countries?.find((name) => !PII_COUNTRIES.includes(name))
  if (country !== undefined)
    throw new ParapetError(
      'configuration',
      `Country ${country} is not supported. Countries: ${PII_COUNTRIES.join(', ')}.`,
    )
  if (options.mode === 'pseudonym' && options.vault === undefined) {
    throw new ParapetError(
      'vault_key_missing',
      'Mode pseudonym needs a vault: set PARAPET_VAULT_KEY (make a key with `openssl rand -base64 32`).',
    )
  }
  if (options.mode === 'hash' && options.hash === undefined) {
    throw new ParapetError('configuration', 'Mode hash needs a keyed hash: pass `hash`, or set PARAPET_VAULT_KEY.')
  }
}

function versionOf(options: PiiGuardOptions): string {
  const kinds = options.kinds?.join('+') ?? 'all'
  const countries = options.countries?.join('+') ?? 'all'
  return [RECOGNISERS_VERSION, options.mode, kinds, countries, options.names === true, options.minScore ?? 0.5].join(
    '/',
  )
}
