/**
 * Next actions under the text of real guidelines: a small model reads a guideline (ABCD, or any other with a flow) and what was done, and
 * is aligned on pairs of the right action before every skipped or repeated one. Accuracy before and after, on dialogues it did not see.
 *
 * Of ABCD three dialogues are published beside the guidelines, too few to learn from: dialogues to learn from are made by following the
 * flows with stock phrases of customers. The real ones are only measured on.
 */
import { type DecoderConfig, initialDecoder } from '../../../nn/decoder/config.ts'
import { createRandom } from '../../../nn/random.ts'
import type { OnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import { trainBytePairs } from '../../../nn/tokenizer/byte-level-bpe.ts'
import { CHATML_TEMPLATE, CHATML_TOKENS } from '../../../nn/tokenizer/chat-template.ts'
import { type TextTokenizer, loadTokenizer } from '../../../nn/tokenizer/tokenizer-json.ts'
import type { ParameterValues } from '../../../nn/tensor/parameters.ts'
import { ParapetError } from '../../../spec/errors.ts'
import { pick } from '../../synth/template.ts'
import type { Rate } from '../../world/evaluate.ts'
import { alignDecoder } from '../align-decoder.ts'
import { encodeResponse } from '../encode-preferences.ts'
import { rateOf } from '../flow/flow-evaluation.ts'
import { FLOW_DEVIATION } from '../flow/flow-model.ts'
import { type LabelledTurn, pairsOfTurns } from '../pairs.ts'
import { ResponseScorer } from '../response-scorer.ts'
import { type AbcdDialogue, type AbcdTurn, labelActions } from './abcd-dialogues.ts'
import { type Guideline, guidelineText } from './guideline.ts'
import { actionResponse } from './next-action.ts'

/** What a customer says between two actions; it never says what comes next. */
const CUSTOMER = ['Hello, I need help.', 'Sure, here it is.', 'Okay.', 'Yes.', 'That is right.', 'Thank you.']

/** Dialogues in which the bot takes every action of the flow in order. */
export function dialoguesOf(guideline: Guideline, count: number, seed: number): readonly AbcdDialogue[] {
  const random = createRandom(seed)
  const { flow } = guideline
  if (flow === undefined) throw new ParapetError('input_invalid', `${guideline.id} has no flow to make dialogues of.`)
  return Array.from({ length: count }, (_, at) => ({
    ...{ id: `${guideline.id}-${at}`, subflow: guideline.id },
    turns: flow.actions.flatMap((action): readonly AbcdTurn[] => [
      { speaker: 'customer', text: pick(CUSTOMER, random) },
      { speaker: 'action', text: '', action },
    ]),
  }))
}

/** A place in a dialogue where an action is taken, and what could be taken there. */
export interface ActionPlace {
  readonly prompt: LabelledTurn['prompt']
  /** All actions of the flow. */
  readonly actions: readonly string[]
  /** Right here. */
  readonly expected: readonly string[]
}

/** Places whose own action keeps the flow; a wrong one says nothing of what would have been right. */
export function placesOf(dialogues: readonly AbcdDialogue[], guidelines: readonly Guideline[]): readonly ActionPlace[] {
  const known = new Map(guidelines.map((guideline) => [guideline.id, guideline]))
  return dialogues.flatMap((dialogue) => {
    const guideline = known.get(dialogue.subflow)
    return guideline === undefined
      ? []
      : labelActions(dialogue, guideline).flatMap(({ prompt, expected, verdict }) =>
          verdict === 'next' ? [{ prompt, expected, actions: guideline.flow?.actions ?? [] }] : [],
        )
  })
}

/** Every action of the flow at each place, labelled by rule: those before are repeated, those after are skipped to. */
export function choicesAt(places: readonly ActionPlace[]): readonly LabelledTurn[] {
  return places.flatMap(({ prompt, actions, expected }) =>
    actions.map((action) => ({ prompt, response: actionResponse(action), desirable: expected.includes(action) })),
  )
}

/** Share of places where the likeliest of the flow's actions is a right one. */
export async function nextActionAccuracy(
  places: readonly ActionPlace[],
  scorer: ResponseScorer,
  tokenizer: TextTokenizer,
): Promise<Rate> {
  const options = places.flatMap((place) => place.actions.map((action) => ({ place, action })))
  const scores = await scorer.score(
    options.map(({ place, action }) => encodeResponse(place.prompt, actionResponse(action), tokenizer)),
  )
  const best = new Map<ActionPlace, { readonly action: string; readonly score: number }>()
  options.forEach(({ place, action }, at) => {
    const score = scores[at] ?? -Infinity
    if (score > (best.get(place)?.score ?? -Infinity)) best.set(place, { action, score })
  })
  const right = places.filter((place) => place.expected.includes(best.get(place)?.action ?? ''))
  return rateOf(right.length, places.length)
}

export interface NextActionStudyOptions {
  readonly runtime: OnnxRuntime
  /** To learn from; each needs a flow. */
  readonly guidelines: readonly Guideline[]
  /** Measured on and never learnt from. */
  readonly unseen: readonly Guideline[]
  /** Published dialogues; those without a guideline among the learnt ones are passed over. */
  readonly real: readonly AbcdDialogue[]
  readonly shape: Omit<DecoderConfig, 'vocabularySize'>
  readonly vocabularySize: number
  /** Steps of learning the form of an action, then of alignment by IPO. */
  readonly formSteps: number
  readonly steps: number
  /** Pairs of a step. */
  readonly batch: number
  readonly seed: number
  readonly onProgress?: (message: string) => void
}

export interface NextActionStudy {
  /** By set: new dialogues of known guidelines, unseen guidelines, published dialogues; and what a draw would give. */
  readonly rows: readonly {
    readonly set: string
    readonly chance: number
    readonly before: Rate
    readonly after: Rate
  }[]
  readonly pairs: number
  readonly parameters: ParameterValues
}

const DIALOGUES = 4

export async function studyNextActions(options: NextActionStudyOptions): Promise<NextActionStudy> {
  const { runtime, guidelines, unseen, real, seed, steps, formSteps, batch, onProgress } = options
  const dialogues = guidelines.flatMap((guideline, at) => dialoguesOf(guideline, DIALOGUES, seed * 1000 + at))
  const actions = choicesAt(placesOf(dialogues, guidelines))
  const { config, tokenizer } = await modelOf(options, actions)
  const parameters = initialDecoder(config, seed, { deviation: FLOW_DEVIATION })
  const shared = { runtime, config, parameters, tokenizer, seed, batch }
  const watch = (name: string) => ({
    progressEvery: 20,
    onProgress: ({ step, loss }: { readonly step: number; readonly loss: number }): void =>
      onProgress?.(`next actions, ${name} ${step}: loss ${loss.toFixed(3)}`),
  })
  // Right and wrong actions alike: how an action is written, and which there are.
  const form = actions.map(({ prompt, response }) => ({ prompt, response, desirable: true }))
  await alignDecoder({
    ...{ ...shared, ...watch('form'), data: { turns: form }, loss: { kind: 'sft' } },
    ...{ steps: formSteps, learningRate: 2e-3 },
  })
  const sets = [
    {
      set: 'new dialogues',
      dialogues: guidelines.flatMap((one, at) => dialoguesOf(one, 1, seed * 1000 + 500 + at)),
      of: guidelines,
    },
    {
      set: 'unseen guidelines',
      dialogues: unseen.flatMap((one, at) => dialoguesOf(one, 1, seed * 1000 + at)),
      of: unseen,
    },
    { set: 'published dialogues', dialogues: real, of: guidelines },
  ].map(({ set, dialogues: given, of }) => ({ set, places: placesOf(given, of) }))
  const measured = async (): Promise<readonly Rate[]> => {
    const scorer = new ResponseScorer({ runtime, config, parameters })
    const rates: Rate[] = []
    for (const { places } of sets) rates.push(await nextActionAccuracy(places, scorer, tokenizer))
    await scorer.dispose()
    return rates
  }
  const before = await measured()
  const pairs = pairsOfTurns(actions, { pairsPerPrompt: Infinity })
  await alignDecoder({
    ...{ ...shared, ...watch('ipo'), data: { pairs }, loss: { kind: 'ipo', tau: 0.1, logRatio: 'sum' } },
    ...{ steps, learningRate: 3e-3 },
  })
  const after = await measured()
  const rows = sets.flatMap(({ set, places }, at) => {
    const [one, other] = [before[at], after[at]]
    if (places.length === 0 || one === undefined || other === undefined) return []
    const chance = places.reduce((sum, place) => sum + place.expected.length / place.actions.length, 0) / places.length
    return [{ set, chance, before: one, after: other }]
  })
  return { rows, pairs: pairs.length, parameters }
}

async function modelOf(
  { guidelines, unseen, vocabularySize, shape }: NextActionStudyOptions,
  actions: readonly LabelledTurn[],
): Promise<{ readonly config: DecoderConfig; readonly tokenizer: TextTokenizer }> {
  const [begin, end] = CHATML_TOKENS
  const texts = [...guidelines, ...unseen].map(guidelineText)
  const files = trainBytePairs([...texts, ...CUSTOMER, ...actions.map(({ response }) => response)], {
    ...{ vocabularySize, specialTokens: [begin, end], endToken: end, padToken: end, chatTemplate: CHATML_TEMPLATE },
  })
  const tokenizer = await loadTokenizer(files)
  return {
    tokenizer,
    config: {
      ...{ ...shape, vocabularySize: tokenizer.vocabularySize },
      ...(tokenizer.endToken === undefined ? {} : { endTokens: [tokenizer.endToken], padToken: tokenizer.endToken }),
    },
  }
}
