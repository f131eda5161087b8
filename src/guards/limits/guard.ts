/**
 * Limits: how long a text may be (characters, bytes, tokens), how many messages a conversation may have, in which languages.
 *
 * A limit is broken as soon as it is passed, in a stream too. Exact token counts need the optional package `gpt-tokenizer`; without
 * a named encoding they are estimated on the high side.
 */
import { hashText } from '../../core/text/index.ts'
import type {
  Action,
  Finding,
  Guard,
  GuardReport,
  GuardStream,
  Stage,
  StreamBuffer,
  StreamStep,
} from '../../spec/index.ts'
import { ParapetError, STAGES } from '../../spec/index.ts'
import { estimateTokens, utf8Length } from './count.ts'
import { createLanguageDetector } from '../../nn/runtime/language-detector.ts'

export interface LimitsGuardOptions {
  readonly id?: string
  /** UTF-16 units. */
  readonly characters?: number
  /** UTF-8 bytes. */
  readonly bytes?: number
  readonly tokens?: number
  /** Encoding for exact token counts, for example `o200k_base`. */
  readonly encoding?: string
  /** Messages of the conversation. */
  readonly messages?: number
  /** ISO 639-1 codes. Texts whose language is unclear pass. */
  readonly languages?: { readonly allow: readonly string[] } | { readonly deny: readonly string[] }
  /** Default `block`. */
  readonly action?: Action
  readonly stages?: readonly Stage[]
}

/** The language is that of the beginning, in streams and whole texts alike. */
const LANGUAGE_SAMPLE = 400
/** A text is turned away for its language only on this much evidence (see `createLanguageDetector`). */
const LEAST_EVIDENCE = 40

type Detector = (text: string) => string | null
type Tokenizer = (text: string) => number

/** Creates the guard, loading what its limits need. */
export async function createLimitsGuard(options: LimitsGuardOptions): Promise<Guard> {
  const { id = 'limits', stages = STAGES, encoding } = options
  const detect = options.languages === undefined ? null : await createLanguageDetector(LEAST_EVIDENCE)
  const countTokens =
    options.tokens === undefined ? null : encoding === undefined ? estimateTokens : await loadTokenizer(encoding)
  const { stages: _stages, id: _id, ...limits } = options
  const guard: Guard = {
    specVersion: 'v1',
    id,
    version: hashText(JSON.stringify(limits)),
    stages,
    maxSpan: detect === null ? 1 : LANGUAGE_SAMPLE,
    check: ({ text, messages }) => check(options, text.original, messages?.length ?? 0, detect, countTokens),
  }
  // An exact tokeniser merges across any cut, so such an answer is counted when it is whole.
  if (countTokens !== null && encoding !== undefined) return guard
  return { ...guard, open: (request) => new LimitsStream(options, request.messages?.length ?? 0, detect) }
}

function check(
  options: LimitsGuardOptions,
  text: string,
  messages: number,
  detect: Detector | null,
  countTokens: Tokenizer | null,
): GuardReport {
  const findings = [
    over(options, 'characters', text.length),
    options.bytes === undefined ? null : over(options, 'bytes', utf8Length(text)),
    countTokens === null ? null : over(options, 'tokens', countTokens(text)),
    over(options, 'messages', messages),
    language(options, text, detect),
  ]
  return { findings: findings.filter((finding) => finding !== null) }
}

type Count = 'characters' | 'bytes' | 'tokens' | 'messages'

function over(options: LimitsGuardOptions, kind: Count, count: number): Finding | null {
  const limit = options[kind]
  if (limit === undefined || count <= limit) return null
  return { label: `limit.${kind}`, score: 1, action: options.action ?? 'block', reason: `More than ${limit} ${kind}.` }
}

function language(options: LimitsGuardOptions, text: string, detect: Detector | null): Finding | null {
  const { languages } = options
  if (languages === undefined || detect === null) return null
  const found = detect(text.slice(0, LANGUAGE_SAMPLE))
  if (found === null) return null
  const allowed = 'allow' in languages ? languages.allow.includes(found) : !languages.deny.includes(found)
  return allowed
    ? null
    : {
        label: 'limit.language',
        score: 1,
        action: options.action ?? 'block',
        reason: `The language ${found} is not allowed.`,
      }
}

class LimitsStream implements GuardStream {
  readonly #options: LimitsGuardOptions
  readonly #messages: number
  readonly #detect: Detector | null
  readonly #reported = new Set<string>()
  #start = -1
  #counted = 0
  #bytes = 0
  #tokens = 0
  #languageKnown: boolean

  constructor(options: LimitsGuardOptions, messages: number, detect: Detector | null) {
    this.#options = options
    this.#messages = messages
    this.#detect = detect
    this.#languageKnown = detect === null
  }

  advance(buffer: StreamBuffer): StreamStep {
    if (this.#start < 0) {
      this.#start = buffer.start
      this.#counted = buffer.start
    }
    const to = buffer.ended ? buffer.end : Math.max(this.#counted, buffer.stable)
    if (this.#options.bytes !== undefined || this.#options.tokens !== undefined) {
      const piece = buffer.slice(this.#counted, to)
      this.#bytes += utf8Length(piece)
      this.#tokens += estimateTokens(piece)
    }
    this.#counted = to
    const found = [
      over(this.#options, 'characters', buffer.end - this.#start),
      over(this.#options, 'bytes', this.#bytes),
      over(this.#options, 'tokens', this.#tokens),
      over(this.#options, 'messages', this.#messages),
      this.#language(buffer),
    ]
    const findings = found
      .filter((finding) => finding !== null && !this.#reported.has(finding.label))
      .flatMap((finding) => finding ?? [])
    for (const { label } of findings) this.#reported.add(label)
    // Nothing leaves before the language is known.
    const settled = this.#languageKnown ? to : this.#start
    return { findings, settled, keep: settled }
  }

  #language(buffer: StreamBuffer): Finding | null {
    if (this.#languageKnown || (!buffer.ended && buffer.end - this.#start < LANGUAGE_SAMPLE)) return null
    this.#languageKnown = true
    return language(
      this.#options,
      buffer.slice(this.#start, Math.min(buffer.end, this.#start + LANGUAGE_SAMPLE)),
      this.#detect,
    )
  }
}

async function loadTokenizer(encoding: string): Promise<Tokenizer> {
  const name = `gpt-tokenizer/encoding/${encoding}`
  try {
    const module = (await import(name)) as { readonly countTokens: Tokenizer }
    return module.countTokens
  } catch (cause) {
    throw new ParapetError(
      'engine_unavailable',
      `Counting tokens of ${encoding} needs the package gpt-tokenizer. Install it (npm install gpt-tokenizer), or leave \`encoding\` out to estimate.`,
      { cause },
    )
  }
}
