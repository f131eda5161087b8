/**
 * A text judged passage by passage, whole or while it grows: windows at the same offsets in both, so that a stream is judged like the
 * whole text. What is asked about a passage, and what a report says, are the guard's.
 */
import type {
  Finding,
  GuardReport,
  GuardRequest,
  GuardStream,
  StreamBuffer,
  StreamRequest,
  StreamStep,
} from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { createTextView, windows } from '../../core/text/index.ts'
import { isHazard, wrong } from './label-map.ts'

/** A label of findings and its score, 0…1, where one half divides. */
export interface PassageScore {
  readonly label: string
  readonly score: number
  /** Reported, but decided by another label. */
  readonly beside: boolean
}

/** Judges normalised passages of one request, all at once. Rejects where one of them could not be judged. */
export type JudgePassages = (
  passages: readonly string[],
  request: StreamRequest,
) => Promise<readonly (readonly PassageScore[])[]>

/** Sizes in characters. */
export interface PassageSizes {
  readonly window: number
  /** Distance between the starts of windows. */
  readonly hop: number
  readonly longest: number
}

export interface PassageOptions {
  /** Characters judged at once, at most 4,096. Default 2,000. */
  readonly window?: number
  /** Distance between the starts of windows. Default three quarters of one. */
  readonly hop?: number
  /** Longer texts are refused with `input_too_large`. Default 64,000 characters. */
  readonly longest?: number
}

/** Longest passages over which a stream is sure to be held (`core/stream`). */
const LONGEST_STREAMED = 4_096
/** Findings below this are not reported; scores always are. */
const LOWEST_FINDING = 0.1

/** Throws `configuration` for sizes that leave something unjudged. */
export function passageSizes({ window = 2_000, hop, longest = 64_000 }: PassageOptions): PassageSizes {
  const sizes = { window, hop: hop ?? Math.max(1, Math.floor(window * 0.75)), longest }
  for (const [key, value] of Object.entries(sizes))
    if (!Number.isSafeInteger(value) || value < 1) throw wrong(`${key} must be a whole number above 0`)
  if (sizes.hop > window) throw wrong('hop must not be larger than window, or passages would go unjudged')
  if (window > LONGEST_STREAMED) throw wrong(`window must be at most ${LONGEST_STREAMED} characters`)
  return sizes
}

export async function checkPassages(
  judge: JudgePassages,
  { window, hop, longest }: PassageSizes,
  { text, ...request }: GuardRequest,
): Promise<GuardReport> {
  const { original } = text
  if (original.length > longest) throw tooLong(longest)
  const spans = original === '' ? [] : [...windows(original.length, window, hop)]
  const summary = new Summary()
  const found = await judgeSpans(judge, spans, (start, end) => original.slice(start, end), request)
  found.forEach(({ span, scores }) => summary.add(scores, original.length <= window ? null : span))
  return { findings: summary.findings, ...summary.report() }
}

type Span = readonly [start: number, end: number]

/** Passages that hold nothing a reader would see are not asked about. */
async function judgeSpans(
  judge: JudgePassages,
  spans: readonly Span[],
  slice: (start: number, end: number) => string,
  request: StreamRequest,
): Promise<readonly { readonly span: Span; readonly scores: readonly PassageScore[] }[]> {
  const passages = spans
    .map((span) => ({ span, text: wellFormed(createTextView(slice(...span)).normalised) }))
    .filter(({ text }) => text.trim() !== '')
  if (passages.length === 0) return []
  const scores = await judge(
    passages.map(({ text }) => text),
    request,
  )
  return passages.map(({ span }, index) => ({ span, scores: scores[index] ?? [] }))
}

/** The edge of a window can leave half a character, for which no tokenizer has a token. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\uFFFD')
}

function tooLong(longest: number): ParapetError {
  return new ParapetError(
    'input_too_large',
    `The classifier takes texts of at most ${longest} characters. Limit their length, or raise longest.`,
  )
}

/** The largest score of each label over all passages, and a finding for each passage worth one. */
class Summary {
  readonly findings: Finding[] = []
  readonly #scores: Record<string, number> = {}
  readonly #categories: Record<string, number> = {}

  add(scores: readonly PassageScore[], span: Span | null): readonly Finding[] {
    const found = scores.flatMap(({ label, score, beside }): readonly Finding[] => {
      const hazard = isHazard(label)
      const kept = hazard ? this.#categories : this.#scores
      kept[label] = Math.max(kept[label] ?? 0, score)
      if (score < LOWEST_FINDING) return []
      return [
        {
          ...{ label, score },
          // The pipeline's own action for a hazard is to pass, since a head decides in its place; here none does.
          ...(beside ? { action: 'pass' as const } : hazard ? { action: 'block' as const } : {}),
          ...(span === null ? {} : { span: { start: span[0], end: span[1] } }),
        },
      ]
    })
    this.findings.push(...found)
    return found
  }

  report(): Omit<GuardReport, 'findings'> {
    const heads = ['prompt_harm', 'response_harm', 'refusal', 'injection', 'toxicity'] as const
    return {
      scores: Object.fromEntries(heads.flatMap((head) => (head in this.#scores ? [[head, this.#scores[head]]] : []))),
      categories: this.#categories,
    }
  }
}

export class PassageStream implements GuardStream {
  readonly #judge: JudgePassages
  readonly #sizes: PassageSizes
  readonly #request: StreamRequest
  readonly #summary = new Summary()
  /** Start of the next window. */
  #next = 0

  constructor(judge: JudgePassages, sizes: PassageSizes, request: StreamRequest) {
    this.#judge = judge
    this.#sizes = sizes
    this.#request = request
  }

  async advance(buffer: StreamBuffer): Promise<StreamStep> {
    const { window, hop, longest } = this.#sizes
    const { end, ended } = buffer
    if (end > longest) throw tooLong(longest)
    const spans: Span[] = []
    // A text that is exactly one window long is judged as a whole, without a span; only more text tells.
    for (; this.#next + window < end; this.#next += hop) spans.push([this.#next, this.#next + window])
    const from = this.#next
    if (ended && end > 0) spans.push([from, end])
    const found = await judgeSpans(this.#judge, spans, (start, to) => buffer.slice(start, to), this.#request)
    const whole = ended && from === 0
    const findings = found.flatMap(({ span, scores }) => this.#summary.add(scores, whole ? null : span))
    if (!ended) return { findings, settled: from, keep: from }
    return { findings, settled: end, keep: end, report: this.#summary.report() }
  }
}
