/**
 * A judge behind a classifier: asked only about texts whose score lies inside a band, where the classifier is unsure. Below it a text is
 * clean and above it harmful. The verdict is about harm alone; what else the classifier finds is for its own guard to report.
 *
 * A judge that fails inside the band is a failure of the guard, unless the classifier may decide instead. Answers are judged at their end:
 * a band over half an answer would ask too often and say too little.
 */
import type { Finding, Guard, GuardReport, GuardRequest, Scores } from '../../../spec/index.ts'
import { ParapetError } from '../../../spec/index.ts'
import { hashText } from '../../../core/text/index.ts'
import type { ScoreBand } from './band.ts'
import { checkBand, isInside, scoreAlone } from './band.ts'
import type { CascadeDisagreement, HarmLabel } from './disagreement.ts'
import { harmLabelAt, judgedTexts, judgeOpinion } from './disagreement.ts'
import type { StartedJudge } from './started-judge.ts'
import { startJudge } from './started-judge.ts'

export interface CascadeGuardOptions {
  /** Default: the judge's. */
  readonly id?: string
  /** Asked first; its reports carry scores. */
  readonly classifier: Guard
  /** Its stages are those of the cascade. It reports `prompt_harm` and `response_harm`. */
  readonly judge: Guard
  readonly band: ScoreBand
  /** The score that is looked at. Default: the head of harm at the stage, `prompt_harm` or `response_harm`. */
  readonly head?: keyof Scores
  /**
   * What a judge that fails inside the band means: the guard fails, or the classifier's verdict counts, marked in its finding's reason.
   * Such verdicts are not cached. A deadline of the rail leaves no time for either. Default `error`.
   */
  readonly onJudgeError?: 'error' | 'classifier'
  /** Asks the judge at once, beside the classifier, and takes the question back where it is not needed. Default false. */
  readonly speculative?: boolean
  /** Share, 0…1, of the texts outside the band that the judge sees as well, for `onDisagreement` only. Default 0. */
  readonly sample?: number
  /** Told where the two disagree: inside the band, and in the sample outside it. What it throws is lost. */
  readonly onDisagreement?: (disagreement: CascadeDisagreement) => void
  /** Uniform in [0, 1): who is in the sample. Default `Math.random`. */
  readonly random?: () => number
}

/** Samples judged at once; others are left out, so that a slow judge is not buried. */
const MOST_SAMPLES = 4

/**
 * Creates the guard.
 *
 * @throws ParapetError `configuration`
 */
export function createCascadeGuard(options: CascadeGuardOptions): Guard {
  const { classifier, judge, band, head, id = judge.id, onJudgeError = 'error', speculative = false } = options
  checkBand(band)
  const { sample = 0 } = options
  if (!(sample >= 0 && sample <= 1)) throw wrong('sample is a share between 0 and 1')
  if (!['error', 'classifier'].includes(onJudgeError)) throw wrong('onJudgeError is error or classifier')
  const draw = sampling(options)
  const tell = comparison({ ...options, id })

  async function check(request: GuardRequest): Promise<GuardReport> {
    const early = speculative ? startJudge(judge, request) : null
    let first: GuardReport
    try {
      first = await classifier.check(request)
    } catch (cause) {
      early?.cancel()
      throw cause
    }
    const label = harmLabelAt(request.stage)
    const looked = head ?? label
    const score = first.scores?.[looked] ?? null
    // Without a score nobody is sure.
    if (score !== null && !isInside(band, score)) {
      draw(early, request, (report) => tell(request, { score, inside: false }, report))
      return reportAlone(first, { score, band, label, looked, reason: OUTSIDE })
    }
    try {
      const report = await (early ?? startJudge(judge, request)).report
      if (score !== null) tell(request, { score, inside: true }, report)
      return report
    } catch (cause) {
      if (onJudgeError === 'error' || score === null || request.signal.aborted) throw cause
      return reportAlone(first, { score, band, label, looked, reason: FALLBACK })
    }
  }

  const facts = [classifier.version, judge.version, band.from, band.to, head ?? null, onJudgeError]
  return {
    specVersion: 'v1',
    ...{ id, stages: judge.stages, version: hashText(JSON.stringify(facts)) },
    // Whether the judge could be reached is no property of the text.
    cacheable: onJudgeError === 'error' && judge.cacheable !== false && classifier.cacheable !== false,
    check,
    // A report of the classifier is none of the judge's, so it has no reasons.
    ...(judge.critiques === undefined
      ? {}
      : { critiques: async (report, options) => (await judge.critiques?.(report, options)) ?? [] }),
  }
}

const OUTSIDE = 'By the classifier, which is sure enough that its judge was not asked.'
const FALLBACK = 'By the classifier, because its judge gave no verdict.'

interface Alone {
  readonly score: number
  readonly band: ScoreBand
  readonly label: HarmLabel
  readonly looked: keyof Scores
  readonly reason: string
}

/** What the classifier found of harm, under the judge's label and with one half as the border. */
function reportAlone(first: GuardReport, { score, band, label, looked, reason }: Alone): GuardReport {
  const found = first.findings.flatMap((finding): readonly Finding[] =>
    finding.label === looked ? [{ ...finding, label, score: scoreAlone(band, finding.score), reason }] : [],
  )
  const verdict = scoreAlone(band, score)
  const highlights = first.highlights?.flatMap((one) => (one.label === looked ? [{ ...one, label }] : [])) ?? []
  return {
    findings: found.length === 0 ? [{ label, score: verdict, reason }] : found,
    scores: { [label]: verdict },
    ...(first.categories === undefined ? {} : { categories: first.categories }),
    ...(highlights.length === 0 ? {} : { highlights }),
    ...(first.untested?.includes(looked) === true ? { untested: [label] } : {}),
  }
}

/** Tells of a disagreement where there is one. */
function comparison({
  id,
  band,
  onDisagreement,
}: CascadeGuardOptions & { readonly id: string }): (
  request: GuardRequest,
  seen: { readonly score: number; readonly inside: boolean },
  report: GuardReport,
) => void {
  return (request, { score, inside }, report) => {
    const { stage, caller } = request
    const label = harmLabelAt(stage)
    const judge = judgeOpinion(report, label)
    const classifier = { score, harmful: scoreAlone(band, score) > 0.5 }
    if (judge === null || judge.harmful === classifier.harmful) return
    const texts = judgedTexts(request)
    // Also where it answers with a promise.
    const hand = async (): Promise<void> =>
      onDisagreement?.({ guard: id, stage, label, inside, classifier, judge, texts, caller })
    // Who listens changes no verdict.
    hand().catch(() => undefined)
  }
}

/** Draws a text outside the band, whose verdict does not wait for the judge, or takes back what was asked early. */
function sampling({
  judge,
  sample = 0,
  random = Math.random,
  onDisagreement,
}: CascadeGuardOptions): (
  early: StartedJudge | null,
  request: GuardRequest,
  then: (report: GuardReport) => void,
) => void {
  let running = 0
  return (early, request, then) => {
    const drawn = onDisagreement !== undefined && sample > 0 && random() < sample && running < MOST_SAMPLES
    if (!drawn) {
      early?.cancel()
      return
    }
    running += 1
    const asked = early ?? startJudge(judge, request)
    asked.detach()
    void asked.report.then(then, () => undefined).finally(() => (running -= 1))
  }
}

function wrong(message: string): ParapetError {
  return new ParapetError('configuration', `The options of a cascade are wrong: ${message}.`)
}
