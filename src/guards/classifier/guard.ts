/**
 * The embedded classifier as a guard. Long texts are judged in overlapping windows, so that length does not dilute an attack. Where
 * the engine has a deep tier, passages it is unsure of are judged a second time.
 *
 * Answers longer than a window are judged by their windows only, which stand at fixed offsets: a stream is then judged exactly like
 * the whole answer, but for the second look. Other texts are judged as a whole too. Which score means what is the policy's matter.
 */
import type {
  ClassifierEngine,
  ClassifierScores,
  Guard,
  GuardReport,
  GuardRequest,
  StreamRequest,
  TextView,
} from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { createTextView } from '../../core/text/index.ts'
import { inputOf, isDocument, scorePassage, type HeadScore, type PassageContext } from './judge-text.ts'
import type { Passage } from './passage.ts'
import { scoredPassage } from './passage.ts'
import { PromptReadings } from './prompt-readings.ts'
import { refinePassages } from './refine.ts'
import type { Asked } from './stream.ts'
import { ClassifierStream } from './stream.ts'
import { Summary } from './summary.ts'

export interface ClassifierGuardOptions {
  readonly id?: string
  readonly engine: ClassifierEngine
  /** Characters judged at once. Default 512. */
  readonly window?: number
  /** Distance between the starts of windows. Default half a window. */
  readonly hop?: number
  readonly stages?: Guard['stages']
  /**
   * The ISO 639-1 code of a text's language, or null. With it, labels above one half are marked `untested` where the engine's card
   * has nothing to say for that language.
   */
  readonly language?: (text: string) => string | null
}

/** A whole text is judged by at most this much of its beginning, and by all its windows. */
const LONGEST_WHOLE = 20_000
/** Longer texts are refused: judging them would hold up everybody else for seconds. */
const LONGEST_TEXT = 2_000_000
/** Spans shown for each head that is above one half. */
const HIGHLIGHTS = 3

/** Creates the guard. */
export function createClassifierGuard(options: ClassifierGuardOptions): Guard {
  const { id = 'classifier', engine, window = 512, stages = ['input', 'retrieval', 'tool_result', 'output'] } = options
  const hop = Math.min(window, options.hop ?? Math.ceil(window / 2))
  const asked: Asked = {
    engine,
    prompts: new PromptReadings(engine),
    passages: { window, hop },
    language: options.language,
  }
  return {
    specVersion: 'v1',
    id,
    version: `${engine.version}:${window}:${hop}`,
    stages,
    maxSpan: window,
    check: (request) => check(asked, request),
    open: (request: StreamRequest) => new ClassifierStream(asked, request),
  }
}

/** Answers at once where every passage is judged by the fast tier alone. */
function check(asked: Asked, request: GuardRequest): GuardReport | Promise<GuardReport> {
  const { engine, prompts } = asked
  const context = prompts.contextOf(request)
  const passages = fastPassages(asked, request, context)
  const refined = refinePassages(engine, passages, context, request)
  return refined === null
    ? reportOf(asked, request, context, passages)
    : refined.then((judged) => reportOf(asked, request, context, judged))
}

/** The whole text where it is judged as one, then its windows where it has several. */
function fastPassages(
  { engine, prompts, passages: { window, hop } }: Asked,
  request: GuardRequest,
  context: PassageContext,
): readonly Passage[] {
  const { text, stage } = request
  const { length } = text.original
  if (length > LONGEST_TEXT) {
    throw new ParapetError(
      'input_too_large',
      `The classifier judges at most ${LONGEST_TEXT} characters at once. Split the text, or limit its length.`,
    )
  }
  const judged: Passage[] = []
  const document = isDocument(context)
  const asDocument = engine.wholeDocuments === true && document
  const whole = (): string => text.normalised.slice(0, LONGEST_WHOLE)
  const covered = endOfWhole(text)
  const add = (part: string, span: Passage['span'], scores: ClassifierScores): void =>
    // Attacks of both kinds are in what documents are judged by; the head for prompts takes manuals for attacks.
    void judged.push(scoredPassage(part, span, asDocument ? { ...scores, injection_direct: null } : scores, context))
  if (stage === 'input') add(whole(), null, prompts.read(request, LONGEST_WHOLE))
  else if (stage !== 'output' || length <= window) add(whole(), null, scorePassage(engine, whole(), context))
  if (length > window) {
    for (const [start, end] of passages(length, window, hop)) {
      const passage = createTextView(text.original.slice(start, end)).normalised
      // What the whole document was judged for is not asked again of its parts, and what only documents are judged for of no prompt.
      const reads = asDocument ? end <= covered : stage === 'input' && !document
      const known = reads ? engine.read?.(passage).scores : undefined
      add(passage, { start, end }, known ?? scorePassage(engine, passage, context))
    }
  }
  return judged
}

/** Where in the original ends what is judged as a whole. One character may become many, so that is not where the windows count. */
function endOfWhole(text: TextView): number {
  const isWhole = text.normalised.length <= LONGEST_WHOLE
  return isWhole ? text.original.length : text.toOriginal(LONGEST_WHOLE, LONGEST_WHOLE + 1)[0]
}

function reportOf(
  { engine, language }: Asked,
  { text }: GuardRequest,
  context: PassageContext,
  judged: readonly Passage[],
): GuardReport {
  const summary = new Summary()
  for (const passage of judged) summary.add(passage)
  return {
    ...summary.report(engine.card, language),
    findings: summary.findings,
    highlights: summary.tops().flatMap((top) => highlights(engine, text, context, judged, top)),
  }
}

/** Windows of a text longer than one: at multiples of the hop, and one that ends with the text. */
export function* passages(length: number, window: number, hop: number): Generator<readonly [from: number, to: number]> {
  let from = 0
  for (; from + window <= length; from += hop) yield [from, from + window]
  if (from - hop + window < length) yield [length - window, length]
}

/** Spans of the original text that drove a head above one half, in the passage that it is highest in. */
function highlights(
  engine: ClassifierEngine,
  text: TextView,
  context: PassageContext,
  judged: readonly Passage[],
  top: HeadScore,
): NonNullable<GuardReport['highlights']> {
  const { label, head, score } = top
  const worst = judged.find(({ judgement }) => judgement.heads.includes(top))
  if (score <= 0.5 || label === 'refusal' || worst === undefined) return []
  const from = worst.span?.start ?? 0
  const view = worst.span === null ? text : createTextView(text.original.slice(from, worst.span.end))
  return engine.explain(inputOf(worst.text, context), head, HIGHLIGHTS).map((span) => {
    const [start, end] = view.toOriginal(span.start, span.end)
    return { start: from + start, end: from + end, label, score: score * span.score }
  })
}
