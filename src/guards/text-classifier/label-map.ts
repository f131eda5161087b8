/**
 * What the labels of a model mean to a policy: which findings each one speaks for, and at which stages. Every label has to be spoken of,
 * so that none that means harm is passed over in silence.
 *
 * It weighs probabilities by label; windows, thresholds of actions and texts are for others.
 */
import type { Stage, TextClassifierEngine } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { HAZARDS, suggestLabel } from '../../core/taxonomy/index.ts'

/**
 * A label of findings: `harm` (which is `prompt_harm` or `response_harm`, by stage), `injection`, `toxicity`, `refusal`, `off_topic`, a
 * hazard (`S1`…), or a name of one's own below `clause.`; with `stages` at these only.
 */
export type LabelMeaning = string | { readonly label: string; readonly stages: readonly Stage[] }

/** By the model's label; an empty list for a label that means that all is well. */
export type LabelMap = Readonly<Record<string, readonly LabelMeaning[]>>

/** A finding's label, and the outputs of the model that speak for it. */
export interface MappedLabel {
  readonly label: string
  readonly outputs: readonly number[]
  /** Whether each of these outputs speaks for a head as well, which then decides in its place. */
  readonly beside: boolean
}

const HEADS: readonly string[] = ['prompt_harm', 'response_harm', 'refusal', 'injection', 'toxicity', 'off_topic']
const HAZARD_IDS: readonly string[] = HAZARDS.map(({ id }) => id)

/** Whether a label is decided by itself, unlike a category of harm. */
export function isHead(label: string): boolean {
  return HEADS.includes(label)
}

/** Whether a label is a category of harm. */
export function isHazard(label: string): boolean {
  return HAZARD_IDS.includes(label)
}

/** Stages that labels name. */
export function stagesNamed(map: LabelMap): readonly Stage[] {
  return Object.values(map)
    .flat()
    .flatMap((meaning) => (typeof meaning === 'string' ? [] : meaning.stages))
}

/** What is said at a stage. */
export function mappedAt(labels: readonly string[], map: LabelMap, stages: readonly Stage[]): readonly MappedLabel[] {
  const found = new Map<string, number[]>()
  const headed = new Set<number>()
  labels.forEach((name, output) => {
    for (const label of new Set(stages.flatMap((stage) => meaningsAt(map[name] ?? [], stage)))) {
      if (isHead(label)) headed.add(output)
      const outputs = found.get(label)
      if (outputs === undefined) found.set(label, [output])
      else outputs.push(output)
    }
  })
  return [...found].map(([label, outputs]) => ({
    ...{ label, outputs },
    beside: !isHead(label) && outputs.every((output) => headed.has(output)),
  }))
}

function meaningsAt(meanings: readonly LabelMeaning[], stage: Stage): readonly string[] {
  return meanings
    .flatMap((meaning) => {
      if (typeof meaning === 'string') return [meaning]
      return meaning.stages.includes(stage) ? [meaning.label] : []
    })
    .map((label) => (label !== 'harm' ? label : isAnswer(stage) ? 'response_harm' : 'prompt_harm'))
}

/** The threshold of a label of findings; that of `harm` is for both of its labels. */
export function thresholdOf(label: string, thresholds: Readonly<Record<string, number>>, usual: number): number {
  const either = label === 'prompt_harm' || label === 'response_harm' ? thresholds['harm'] : undefined
  return thresholds[label] ?? either ?? usual
}

export function isAnswer(stage: Stage): boolean {
  return stage === 'output' || stage === 'tool_call'
}

/**
 * Probability that one of the outputs holds: their sum where a text has one label of all, else the largest of them. NaN where an output
 * is missing.
 */
export function probabilityOf(
  outputs: readonly number[],
  probabilities: readonly number[],
  { exclusive }: Pick<TextClassifierEngine, 'exclusive'>,
): number {
  const own = outputs.map((output) => probabilities[output] ?? Number.NaN)
  return exclusive
    ? Math.min(
        1,
        own.reduce((sum, one) => sum + one, 0),
      )
    : Math.max(0, ...own)
}

/**
 * Throws `configuration` for a label of the model that the map says nothing of, for a label of findings that no policy knows, and, unless
 * the map is of a preset, which may know several names for an output, for names that the model does not have.
 */
export function checkLabels(labels: readonly string[], map: LabelMap, ofPreset: boolean): void {
  const silent = labels.filter((label) => !Object.hasOwn(map, label))
  if (silent.length > 0)
    throw wrong(
      `nothing is said of the label${silent.length > 1 ? 's' : ''} ${silent.join(', ')} of the model. Say what each means, [] for nothing to report`,
    )
  const strange = ofPreset ? [] : Object.keys(map).filter((label) => !labels.includes(label))
  if (strange.length > 0) throw wrong(`the model has no label ${strange.join(', ')}; it has ${labels.join(', ')}`)
  for (const label of meantBy(map)) if (!isReported(label)) throw unknownLabel(label)
}

/** Throws `configuration` for thresholds that are none, or of labels that the map never reports. */
export function checkThresholds(thresholds: Readonly<Record<string, number>>, map: LabelMap): void {
  const meant = meantBy(map)
  const reported = new Set(
    meant.flatMap((label) => (label === 'harm' ? [label, 'prompt_harm', 'response_harm'] : [label])),
  )
  for (const [label, value] of Object.entries(thresholds)) {
    checkThreshold(value)
    if (!reported.has(label))
      throw wrong(`thresholds names ${label}, which no label of the model means; they mean ${meant.join(', ')}`)
  }
}

export function checkThreshold(value: number): void {
  if (!(value > 0 && value < 1)) throw wrong('a threshold must lie between 0 and 1')
}

/** Labels of findings, each once. */
function meantBy(map: LabelMap): readonly string[] {
  const labels = Object.values(map)
    .flat()
    .map((meaning) => (typeof meaning === 'string' ? meaning : meaning.label))
  return [...new Set(labels)]
}

function isReported(label: string): boolean {
  return label === 'harm' || isHead(label) || isHazard(label) || /^clause\../.test(label)
}

function unknownLabel(label: string): ParapetError {
  const meant = suggestLabel(label)
  const hint = meant === undefined || !isReported(meant) ? '' : ` (did you mean ${meant}?)`
  return wrong(
    `there is no label of findings ${JSON.stringify(label)}${hint}; use harm, ${HEADS.join(', ')}, S1 to S${HAZARDS.length}, or clause. and a name`,
  )
}

export function wrong(message: string): ParapetError {
  return new ParapetError('configuration', `The options of a text classifier are wrong: ${message}.`)
}
