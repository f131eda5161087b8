/**
 * A guard of the small world, trained here in seconds by the trainer of the embedded guard's fast tier on rows of the world's training
 * split: whether a request is forbidden, whether an answer carries a forbidden one out. Its threshold is calibrated on the selection
 * split. It sees original and normalised text, as the product's classifier does.
 */
import { createTextView } from '../../../../core/text/index.ts'
import { createEmbeddedClassifier } from '../../../../engines/embedded/index.ts'
import type { ClassifierEngine } from '../../../../spec/index.ts'
import type { Example } from '../../../train/examples.ts'
import { trainEmbedded } from '../../../train/embedded.ts'
import { requestText } from '../../../world/request-text.ts'
import { worldRows, worldTrainingRows } from '../../../world/rows.ts'
import type { WorldRow } from '../../../world/types.ts'
import { type PromptGuard, verdictOf } from './guard-setting.ts'

export interface WorldGuardOptions {
  readonly seed: number
  /** Rows of the world that it learns from. Default 12,000. */
  readonly rows?: number
}

const MIX = { forbidden: 0.3, 'near-miss': 0.3, contrast: 0.2, task: 0.2 } as const
const SET = 'world'
/** Rows of each kind, of the selection split, that calibrate: their combinations are as new to it as those it is asked about. */
const CALIBRATION = 200
/** Share of harmless calibration texts that may be above one half. */
const FALSE_ALARMS = 0.05

export function trainWorldGuard({ seed, rows = 12_000 }: WorldGuardOptions): ClassifierEngine {
  const learnt = [...worldTrainingRows({ seed, count: rows, stage: 'aligned', mix: MIX })]
  const counts = { forbidden: CALIBRATION, 'near-miss': CALIBRATION, contrast: CALIBRATION, task: CALIBRATION }
  const calibration = [...worldRows({ split: 'selection', seed, counts })]
  const { bytes } = trainEmbedded({
    ...{ id: `world-guard-${seed}`, seed, bits: 16, epochs: 4 },
    limits: { prompt_harm: { '*': FALSE_ALARMS }, response_harm: { '*': FALSE_ALARMS } },
    set: {
      learnt: learnt.flatMap(examplesOf),
      calibration: calibration.flatMap(examplesOf).map((example) => ({ example, set: SET })),
      coverage: {},
    },
  })
  return createEmbeddedClassifier(bytes, `world-guard-${seed}`)
}

function examplesOf(row: WorldRow): readonly Example[] {
  const { category, language, comply, refuse, messages } = row
  const prompt = requestText(row)
  const forbidden = category !== undefined
  const shared = { language, weight: 1 }
  const given = messages.at(-1)?.content ?? ''
  const answers: readonly (readonly [string | undefined, 0 | 1, 0 | 1])[] = forbidden
    ? [
        [comply, 1, 0],
        [refuse, 0, 1],
      ]
    : [[given, 0, 0]]
  return [
    { ...shared, text: prompt, group: `${SET}/${Number(forbidden)}`, targets: { prompt_harm: forbidden ? 1 : 0 } },
    ...answers.flatMap(([response, response_harm, refusal]) =>
      response === undefined
        ? []
        : [
            {
              ...shared,
              response,
              prompt,
              group: `${SET}/answer/${response_harm}`,
              targets: { response_harm, refusal },
            },
          ],
    ),
  ]
}

/** The highest score of a text and its normalised form. */
export function promptScore(engine: ClassifierEngine, text: string): number {
  return Math.max(...formsOf(text).map((prompt) => engine.classify({ prompt }).prompt_harm ?? 0))
}

export function answerScore(engine: ClassifierEngine, prompt: string, answer: string): number {
  return Math.max(...formsOf(answer).map((response) => engine.classify({ prompt, response }).response_harm ?? 0))
}

function formsOf(text: string): readonly string[] {
  return [...new Set([text, createTextView(text).normalised])]
}

export function worldPromptGuard(engine: ClassifierEngine): PromptGuard {
  return {
    name: 'world-guard',
    input: async (texts) => verdictOf(texts.some((text) => promptScore(engine, text) > 0.5)),
    output: async (question, answer) => verdictOf(answerScore(engine, question, answer) > 0.5),
  }
}
