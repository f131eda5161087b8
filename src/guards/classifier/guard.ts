/**
 * The embedded classifier as a guard. Long texts are judged in overlapping windows, so that length does not dilute an attack.
 *
 * Answers longer than a window are judged by their windows only, which stand at fixed offsets: a stream is then judged exactly like
 * the whole answer. Other texts are judged as a whole too. Which score means what is the policy's matter.
 */
import type { ClassifierEngine, Guard, GuardReport, GuardRequest, StreamRequest, TextView } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { createTextView } from '../../core/text/index.ts'
import type { HeadScore, PassageContext } from './judge-text.ts'
import { judgePassage, judgePrompt } from './judge-text.ts'
import { PromptReadings } from './prompt-readings.ts'
import type { Passages } from './stream.ts'
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
  const prompts = new PromptReadings(engine)
  return {
    specVersion: 'v1',
    id,
    version: `${engine.version}:${window}:${hop}`,
    stages,
    maxSpan: window,
    check: (request) => check(engine, prompts, request, { window, hop }),
    open: (request: StreamRequest) => new ClassifierStream(engine, prompts, request, { window, hop }),
  }
}

function check(
  engine: ClassifierEngine,
  prompts: PromptReadings,
  request: GuardRequest,
  { window, hop }: Passages,
): GuardReport {
  const { text, stage } = request
  const summary = new Summary()
  const { length } = text.original
  if (length > LONGEST_TEXT) {
    throw new ParapetError(
      'input_too_large',
      `The classifier judges at most ${LONGEST_TEXT} characters at once. Split the text, or limit its length.`,
    )
  }
  const context = prompts.contextOf(request)
  if (stage === 'input') summary.add(judgePrompt(prompts.read(request, LONGEST_WHOLE), request), null)
  else if (stage !== 'output' || length <= window) {
    summary.add(judgePassage(engine, text.normalised.slice(0, LONGEST_WHOLE), context), null)
  }
  if (length > window) {
    for (const [from, to] of passages(length, window, hop)) {
      summary.add(judgePassage(engine, createTextView(text.original.slice(from, to)).normalised, context), {
        start: from,
        end: to,
      })
    }
  }
  return {
    ...summary.report(),
    findings: summary.findings,
    highlights: highlights(engine, text, request, summary.tops()),
  }
}

/** Windows of a text longer than one: at multiples of the hop, and one that ends with the text. */
export function* passages(length: number, window: number, hop: number): Generator<readonly [from: number, to: number]> {
  let from = 0
  for (; from + window <= length; from += hop) yield [from, from + window]
  if (from - hop + window < length) yield [length - window, length]
}

/** Spans of the original text that drove the heads above one half. */
function highlights(
  engine: ClassifierEngine,
  text: TextView,
  context: PassageContext,
  tops: readonly HeadScore[],
): NonNullable<GuardReport['highlights']> {
  const { normalised } = text
  const input =
    context.stage === 'output'
      ? { response: normalised, ...(context.prompt === undefined ? {} : { prompt: context.prompt }) }
      : { prompt: normalised }
  return tops
    .filter(({ label, score }) => score > 0.5 && label !== 'refusal')
    .flatMap(({ label, head, score }) =>
      engine.explain(input, head, HIGHLIGHTS).map((span) => {
        const [start, end] = text.toOriginal(span.start, span.end)
        return { start, end, label, score: score * span.score }
      }),
    )
}
