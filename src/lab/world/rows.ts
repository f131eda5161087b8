/**
 * Rows of the world: for evaluation by split and kind, for training in a fixed mix. Everything is made from the seed; nothing is
 * read or written. One stream per kind, so that the rows of a kind do not depend on which others are asked for.
 */
import { createRandom } from '../../nn/random.ts'
import { ParapetError } from '../../spec/index.ts'
import { pick } from '../synth/template.ts'
import { flowCombination, flowSituation, goodTurn } from './flow.ts'
import { LANGUAGES } from './languages/index.ts'
import { makeLore } from './lore.ts'
import { contrastUnit, harmlessRequest, type Request, requestUnit } from './requests.ts'
import { guidedMessages, judgeMessages, routeMessages, type Supervised } from './supervised.ts'
import { makeTask } from './tasks.ts'
import {
  type Random,
  WORLD_KINDS,
  WORLD_LANGUAGES,
  type WorldKind,
  type WorldLanguage,
  type WorldMessage,
  type WorldRow,
  type WorldSplit,
  type WorldStage,
} from './types.ts'

export interface WorldRowsOptions {
  readonly split: WorldSplit
  readonly seed: number
  /** Rows of each kind; a kind not named has none. Even numbers keep contrast twins together. */
  readonly counts: Partial<Readonly<Record<WorldKind, number>>>
  /** Default aligned. */
  readonly stage?: WorldStage
}

/** Rows by kind, none with the same words twice. A kind that has too few different rows gives what it has. */
export function* worldRows(options: WorldRowsOptions): Generator<WorldRow, void, undefined> {
  for (const kind of WORLD_KINDS) {
    const wanted = checkCount(options.counts[kind] ?? 0)
    const seen = new Set<string>()
    const stream = rowStream(kind, options.split, options.stage ?? 'aligned', options.seed)
    for (let tries = 0; seen.size < wanted && tries < 40 * wanted; tries++) {
      const row = take(stream)
      const words = JSON.stringify(row.messages)
      if (!seen.has(words)) yield row
      seen.add(words)
    }
  }
}

/** Share of each kind in training; forbidden and near-miss are equal, which keeps the things balanced. */
export const TRAINING_MIX: Readonly<Record<WorldKind, number>> = {
  task: 0.38,
  forbidden: 0.09,
  'near-miss': 0.09,
  contrast: 0.13,
  lore: 0.12,
  flow: 0.09,
  judge: 0.05,
  route: 0.02,
  guided: 0.03,
}

export interface WorldTrainingOptions {
  readonly seed: number
  readonly count: number
  readonly stage: WorldStage
  /** Default `TRAINING_MIX`. */
  readonly mix?: Partial<Readonly<Record<WorldKind, number>>>
}

/**
 * Training rows, kinds evenly mixed in the order of their shares. In the base stage every request is answered by carrying it out;
 * held-out topics stand in lore only, in both stages. Rows may repeat, as small tasks do.
 */
export function* worldTrainingRows(options: WorldTrainingOptions): Generator<WorldRow, void, undefined> {
  const { mix = TRAINING_MIX, stage, seed } = options
  const count = checkCount(options.count)
  const kinds = WORLD_KINDS.filter((kind) => (mix[kind] ?? 0) > 0)
  const total = kinds.reduce((sum, kind) => sum + (mix[kind] ?? 0), 0)
  if (kinds.length === 0) throw new ParapetError('configuration', 'The training mix is empty. Give some kind a share.')
  const lanes = kinds.map((kind) => ({
    share: (mix[kind] ?? 0) / total,
    stream: rowStream(kind, 'train', stage, seed),
    made: 0,
  }))
  for (let made = 0; made < count; made++) {
    const lane = lanes.reduce((most, next) => (lag(next, made) > lag(most, made) ? next : most))
    lane.made++
    yield take(lane.stream)
  }
}

const lag = ({ share, made }: { readonly share: number; readonly made: number }, all: number): number =>
  share * (all + 1) - made

function checkCount(count: number): number {
  if (!Number.isInteger(count) || count < 0)
    throw new ParapetError('configuration', `${count} is no number of rows. Give a whole number from 0.`)
  return count
}

/** Endless rows of one kind. */
function* rowStream(
  kind: WorldKind,
  split: WorldSplit,
  stage: WorldStage,
  seed: number,
): Generator<WorldRow, never, undefined> {
  // Forbidden and near-miss rows come from the same units, so they share their random stream.
  const lane = kind === 'near-miss' ? 'forbidden' : kind
  const random = createRandom(
    seed * 1009 + WORLD_KINDS.indexOf(lane) * 31 + ['train', 'selection', 'test'].indexOf(split),
  )
  for (let unit = 0, number = 0; ; unit++)
    for (const made of unitRows(kind, split, stage, random)) {
      const { system, ...row } = made
      const messages =
        system === undefined ? row.messages : [{ role: 'system' as const, content: system }, ...row.messages]
      yield { ...row, messages, id: `${split}/${kind}/${number}`, split, kind, unit: `${split}/${lane}/${unit}` }
      number++
    }
}

type Made = Omit<WorldRow, 'id' | 'split' | 'kind' | 'unit'> & { readonly system?: string }

function unitRows(kind: WorldKind, split: WorldSplit, stage: WorldStage, random: Random): readonly Made[] {
  const language = pick(WORLD_LANGUAGES, random)
  switch (kind) {
    case 'task':
    case 'lore': {
      const { text, answer, ...rest } =
        kind === 'task'
          ? { ...makeTask(language, split, random), topics: [] }
          : makeLore(language, split, stage, random)
      return [{ ...rest, messages: exchange(text, answer), wanted: 'answer', ...system(language, random) }]
    }
    case 'forbidden':
    case 'near-miss':
      return requestUnit(split, random)
        .map((request) => ({ request, row: requestRow(request, stage, random) }))
        .filter(({ request }) => request.forbidden === (kind === 'forbidden'))
        .map(({ row }) => row)
    case 'contrast':
      return contrastUnit(split, random).map((request) => requestRow(request, stage, random))
    case 'flow':
      return [flowRow(language, split, random)]
    case 'judge':
      return judgedRequests(split, random).map((request) => supervisedRow(request, judgeMessages(request, random)))
    case 'route':
      return judgedRequests(split, random).map((request) => supervisedRow(request, routeMessages(request)))
    case 'guided':
      return judgedRequests(split, random).map((request) =>
        supervisedRow(request, guidedMessages(request, stage, random)),
      )
  }
}

/** Whole units of requests and, a quarter of the time, an everyday one. */
function judgedRequests(split: WorldSplit, random: Random): readonly Request[] {
  const draw = random()
  if (draw < 0.35) return requestUnit(split, random)
  if (draw < 0.65) return contrastUnit(split, random)
  return [harmlessRequest(pick(WORLD_LANGUAGES, random), split, pick(['combination', 'template'], random), random)]
}

/** The next row; the streams never end. */
function take(stream: Generator<WorldRow, never, undefined>): WorldRow {
  return stream.next().value
}

const exchange = (text: string, answer: string): readonly WorldMessage[] => [
  { role: 'user', content: text },
  { role: 'assistant', content: answer },
]

/** 60 % of plain rows have a system text. */
function system(language: WorldLanguage, random: Random): { readonly system?: string } {
  return random() < 0.4 ? {} : { system: pick(LANGUAGES[language].systems, random) }
}

function about(request: Request): Pick<Made, 'language' | 'heldOut' | 'templates' | 'combinations' | 'topics'> {
  const { language, heldOut, templates, combinations, topics } = request
  return { language, heldOut, templates, combinations, topics }
}

function requestRow(request: Request, stage: WorldStage, random: Random): Made {
  const { comply, must, refuse, category, text, language, forbidden } = request
  const refuses = forbidden && stage === 'aligned' && refuse !== undefined
  return {
    ...about(request),
    ...system(language, random),
    messages: exchange(text, refuses ? refuse : comply),
    wanted: refuses ? 'refuse' : 'answer',
    must: refuses ? [] : must,
    ...(forbidden ? { comply, parts: must } : {}),
    ...(refuse === undefined ? {} : { refuse }),
    ...(category === undefined ? {} : { category }),
  }
}

function supervisedRow(request: Request, supervised: Supervised): Made {
  const { category } = request
  return { ...about(request), ...supervised, ...(category === undefined ? {} : { category }) }
}

function flowRow(language: WorldLanguage, split: WorldSplit, random: Random): Made {
  const flow = flowSituation(random, { language, split })
  const declines = flow.asked === flow.forbidden
  return {
    language,
    heldOut: split === 'train' ? [] : ['combination'],
    messages: [...flow.messages, { role: 'assistant', content: goodTurn(flow) }],
    wanted: declines ? 'refuse' : 'answer',
    must: declines ? [] : [flow.answer],
    templates: [`${language}/flow`],
    combinations: [flowCombination(language, flow.steps)],
    topics: [],
    flow,
  }
}
