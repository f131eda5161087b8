/**
 * A classifier of one's own as a guard: the labels of the model become findings of a policy. Long texts are judged in overlapping
 * windows, and the highest probability of any counts. A model that fails is an error, never a clean text.
 *
 * It decides nothing and loads nothing; the engine is handed in.
 */
import type { Guard, Stage, StreamRequest, TextClassifierEngine, TextClassifierInput } from '../../spec/index.ts'
import { ParapetError, STAGES } from '../../spec/index.ts'
import { createTextView, hashText } from '../../core/text/index.ts'
import { stretch } from '../judge/stretch.ts'
import type { LabelMap } from './label-map.ts'
import {
  checkLabels,
  checkThreshold,
  checkThresholds,
  isAnswer,
  mappedAt,
  probabilityOf,
  stagesNamed,
  thresholdOf,
  wrong,
} from './label-map.ts'
import type { JudgePassages, PassageOptions } from './passages.ts'
import { PassageStream, checkPassages, passageSizes, wellFormed } from './passages.ts'
import type { Sees, TextClassifierPreset } from './presets.ts'
import { textClassifierPreset } from './presets.ts'

export interface TextClassifierGuardOptions extends PassageOptions {
  readonly id?: string
  readonly engine: TextClassifierEngine
  /** A public model by its name, or a preset of one's own. What is given beside it replaces its parts. */
  readonly preset?: string | TextClassifierPreset
  /** What each label of the model means. Needed without a preset. */
  readonly labels?: LabelMap
  /** What the model is shown. Default `text`. */
  readonly sees?: Sees
  /** A label counts above this probability, which is 0.5 for the policy. Default 0.5. */
  readonly threshold?: number
  /** The same for single labels of findings; `harm` stands for `prompt_harm` and `response_harm`. */
  readonly thresholds?: Readonly<Record<string, number>>
  /** Default: the preset's, else those that a label names, and every other but `tool_call` at which one means something. */
  readonly stages?: readonly Stage[]
  /** The system prompt where a request has none, for `sees: system`. */
  readonly system?: string
}

/** Those that a model without a preset is asked at, and at which its labels mean something unless they say where. */
const USUAL_STAGES: readonly Stage[] = ['input', 'retrieval', 'tool_result', 'output']

/**
 * Creates the guard.
 *
 * @throws ParapetError `configuration`, also where a label of the model is not spoken of
 */
export function createTextClassifierGuard(options: TextClassifierGuardOptions): Guard {
  const { id = 'text-classifier', engine, system } = options
  const preset = typeof options.preset === 'string' ? textClassifierPreset(options.preset) : options.preset
  const map = options.labels ?? preset?.labels
  if (map === undefined) throw wrong('labels are missing: say what each label of the model means, or name a preset')
  checkLabels(engine.labels, map, options.labels === undefined)
  const { sees = preset?.sees ?? 'text', threshold = preset?.threshold ?? 0.5, thresholds = {} } = options
  checkThreshold(threshold)
  checkThresholds(thresholds, map)
  const sizes = passageSizes(options)
  const stages = stagesOf(options.stages ?? preset?.stages, engine.labels, map, sees)
  const judge: JudgePassages = async (passages, request) => {
    const mapped = mappedAt(engine.labels, map, stagesMeant(request))
    const inputOf = inputsFor(request, { sees, system, longest: sizes.window })
    const found = await engine.classify(passages.map(inputOf), { signal: request.signal })
    if (found.length !== passages.length)
      throw new ParapetError('guard_failed', `The model gave ${found.length} answers for ${passages.length} texts.`)
    return found.map(({ windows }) =>
      mapped.map(({ label, outputs, beside }) => {
        const probability = Math.max(...windows.map((window) => probabilityOf(outputs, window, engine)))
        return { label, score: scoreOf(probability, thresholdOf(label, thresholds, threshold)), beside }
      }),
    )
  }
  const facts = [map, sees, threshold, thresholds, stages, sizes, system ?? null]
  return {
    specVersion: 'v1',
    ...{ id, stages },
    version: hashText(JSON.stringify([engine.version, ...facts])),
    maxSpan: sizes.window,
    check: (request) => checkPassages(judge, sizes, request),
    open: (request) => new PassageStream(judge, sizes, request),
  }
}

function scoreOf(probability: number, threshold: number): number {
  if (probability >= 0 && probability <= 1) return stretch(probability, threshold)
  throw new ParapetError('guard_failed', 'The model gave something that is no probability.')
}

/** A text that may be a user's or a document's is judged as both. */
function stagesMeant({ stage, origin, system }: StreamRequest): readonly Stage[] {
  return origin === 'unknown' && system !== undefined && stage === 'input' ? [stage, 'retrieval'] : [stage]
}

/** What the model is shown of each passage of a request. Prompts are cut to `longest` characters and read as passages are. */
function inputsFor(
  { stage, prompt, system = '' }: StreamRequest,
  options: { readonly sees: Sees; readonly system: string | undefined; readonly longest: number },
): (text: string) => TextClassifierInput {
  const promptShown = (): string => wellFormed(createTextView((prompt ?? '').slice(0, options.longest)).normalised)
  switch (options.sees) {
    case 'text':
      return (text) => ({ text })
    case 'joined': {
      const before = isAnswer(stage) && prompt !== undefined ? `${promptShown()} ` : ''
      return (text) => ({ text: before + text })
    }
    case 'prompt': {
      const context = promptShown()
      return (text) => ({ text, context })
    }
    case 'system': {
      const scope = system.trim() === '' ? (options.system ?? '') : system
      if (scope.trim() !== '') return (text) => ({ text, context: scope })
      throw new ParapetError(
        'input_invalid',
        'This classifier needs a system prompt to compare with: send one, or give the guard the option system.',
      )
    }
  }
}

function stagesOf(
  given: readonly Stage[] | undefined,
  labels: readonly string[],
  map: LabelMap,
  sees: Sees,
): readonly Stage[] {
  const speaks = (stage: Stage): boolean => mappedAt(labels, map, [stage]).length > 0
  const fits = (stage: Stage): boolean => sees !== 'prompt' || isAnswer(stage)
  const wanted = new Set([...USUAL_STAGES, ...stagesNamed(map)])
  const stages =
    given ??
    STAGES.filter(
      (stage) => wanted.has(stage) && speaks(stage) && fits(stage) && (sees !== 'system' || stage === 'input'),
    )
  const idle = stages.find((stage) => !speaks(stage))
  if (idle !== undefined || stages.length === 0)
    throw wrong(`no label of the model means anything at ${idle === undefined ? 'any stage' : `stage ${idle}`}`)
  const alone = stages.find((stage) => !fits(stage))
  if (alone !== undefined)
    throw wrong(`a model that sees prompts beside answers has nothing to judge at stage ${alone}`)
  return stages
}
