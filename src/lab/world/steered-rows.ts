/**
 * Training rows of a steered model: helpful on its own, kept to guidelines only by being shown them, in each of the ways that are
 * compared (in its system prompt, as a guard, as PrimeGuard's two calls). The default rows of the world, which make a model that
 * refuses by itself, are in `rows.ts` and do not change.
 */
import { createRandom } from '../../nn/random.ts'
import { ParapetError } from '../../spec/index.ts'
import { pick } from '../synth/template.ts'
import { chooseDeployment, type Deployment, deploymentSystem, type Standing, standingOf } from './deployments.ts'
import { formatLabel, judgedText, judgeSystem, rulesText } from './judge-format.ts'
import { fill, LANGUAGES } from './languages/index.ts'
import { contrastUnit, harmlessRequest, PERSONS, type Request, requestUnit } from './requests.ts'
import {
  DIRECT_REFUSAL,
  formatReevaluation,
  formatRoute,
  type RouteChoice,
  type RouteName,
  routeSystem,
  secondCall,
  TIPS,
} from './route-format.ts'
import { worldTrainingRows } from './rows.ts'
import { makeTask } from './tasks.ts'
import { type Random, WORLD_LANGUAGES, type WorldKind, type WorldLanguage, type WorldMessage } from './types.ts'

/** `plain` rows show no guidelines; the others are one call each of the ways to keep to them. */
export type SteeredKind = 'plain' | 'system' | 'guard' | 'route' | 'guided'

export interface SteeredRow {
  readonly kind: SteeredKind
  /** Ends with the wanted answer. */
  readonly messages: readonly WorldMessage[]
  /** The rules of the guidelines shown, in their order; empty in plain rows. */
  readonly rules: readonly string[]
  /** Absent in plain rows. */
  readonly risk?: Standing['risk']
}

/** Every kind of call has the same number of rows, so that no way is taught better than another. */
export const STEERED_MIX: Readonly<Record<SteeredKind, number>> = {
  plain: 0.36,
  system: 0.16,
  guard: 0.16,
  route: 0.16,
  guided: 0.16,
}

/**
 * Plain rows: everything is carried out. Six of ten single requests among them come in the form of PrimeGuard's plain second call, so
 * that the form by itself costs no ability.
 */
const PLAIN_MIX: Partial<Readonly<Record<WorldKind, number>>> = {
  task: 0.3,
  forbidden: 0.15,
  'near-miss': 0.12,
  contrast: 0.14,
  lore: 0.21,
  flow: 0.08,
}

export interface SteeredRowsOptions {
  readonly seed: number
  readonly count: number
}

/** Rows in the order of their shares, from the seed alone. Throws `configuration` for a count that is none. */
export function* steeredTrainingRows({ seed, count }: SteeredRowsOptions): Generator<SteeredRow, void, undefined> {
  if (!Number.isInteger(count) || count < 0)
    throw new ParapetError('configuration', `${count} is no number of rows. Give a whole number from 0.`)
  const plain = plainRows(seed, count)
  const kinds = Object.entries(STEERED_MIX) as [SteeredKind, number][]
  const lanes = kinds.map(([kind, share], at) => ({
    share,
    rows: kind === 'plain' ? plain : guidedRows(kind, createRandom(seed * 1013 + at)),
    made: 0,
  }))
  for (let made = 0; made < count; made++) {
    const behind = ({ share, made: own }: (typeof lanes)[number]): number => share * (made + 1) - own
    const lane = lanes.reduce((most, next) => (behind(next) > behind(most) ? next : most))
    lane.made++
    const { value } = lane.rows.next()
    if (value !== undefined) yield value
  }
}

function* plainRows(seed: number, count: number): Generator<SteeredRow, void, undefined> {
  const random = createRandom(seed * 1013 - 1)
  for (const row of worldTrainingRows({ seed, count, stage: 'base', mix: PLAIN_MIX })) {
    const request = row.topics.length > 0 && row.kind !== 'lore'
    const messages = request
      ? row.messages.map((message) =>
          message.role === 'user'
            ? { ...message, content: amongSmallTalk(message.content, row.language, random) }
            : message,
        )
      : row.messages
    yield { kind: 'plain', messages: random() < 0.6 ? inSecondCall(messages) : messages, rules: [] }
  }
}

/** People do not only ask: three of ten requests about things come with a greeting or a word more. */
function amongSmallTalk(text: string, language: WorldLanguage, random: Random): string {
  const { greetings, flow } = LANGUAGES[language]
  const draw = random()
  if (draw < 0.15) return `${fill(pick(greetings, random), { name: pick(PERSONS, random) })} ${text}`
  if (draw < 0.22) return `${pick(flow.small, random)} ${text}`
  return draw < 0.3 ? `${text} ${pick(flow.small, random)}` : text
}

/** Single requests only: a flow's guideline stands in its system prompt, which the second call does not have. */
function inSecondCall(messages: readonly WorldMessage[]): readonly WorldMessage[] {
  const [request, answer, ...more] = messages
  if (request?.role !== 'user' || answer === undefined || more.length > 0) return messages
  return [...secondCall(request.content, NO_RISK), answer]
}

/** What is asked, of requests about things and of everyday tasks alike. */
type Asked = Pick<
  Request,
  'language' | 'text' | 'comply' | 'refuse' | 'forbidden' | 'category' | 'combinations' | 'quote'
>

function* guidedRows(kind: Exclude<SteeredKind, 'plain'>, random: Random): Generator<SteeredRow, never, undefined> {
  for (;;)
    for (const asked of askedUnit(random)) {
      const deployment = chooseDeployment('train', random)
      const standing = standingOf(asked, deployment)
      const text = standing.kinds.length === 0 ? asked.text : amongSmallTalk(asked.text, asked.language, random)
      const messages = CALLS[kind]({ ...asked, text }, deployment, standing, random)
      yield { kind, messages, rules: deployment.map(({ rule }) => rule ?? ''), risk: standing.risk }
    }
}

/** Whole units, so that things stay balanced; of the draws a fifth are everyday requests and tasks. */
function askedUnit(random: Random): readonly Asked[] {
  const draw = random()
  if (draw < 0.45) return requestUnit('train', random)
  if (draw < 0.78) return contrastUnit('train', random)
  const language = pick(WORLD_LANGUAGES, random)
  if (draw < 0.88) return [harmlessRequest(language, 'train', 'combination', random)]
  const { text, answer, combinations } = makeTask(language, 'train', random)
  return [{ language, text, comply: answer, forbidden: false, combinations }]
}

type Call = (asked: Asked, deployment: Deployment, standing: Standing, random: Random) => readonly WorldMessage[]

const CALLS: Readonly<Record<Exclude<SteeredKind, 'plain'>, Call>> = {
  system: (asked, deployment, standing) => [
    { role: 'system', content: deploymentSystem(deployment) },
    { role: 'user', content: asked.text },
    { role: 'assistant', content: answerUnder(asked, standing) },
  ],
  guard: (asked, deployment, { risk, rule = '' }) => [
    { role: 'system', content: judgeSystem(rulesText(deployment)) },
    { role: 'user', content: judgedText(asked.text) },
    {
      role: 'assistant',
      content: formatLabel({ unsafe: risk === 'broken', rules: risk === 'broken' ? [rule] : [], critique: '' }),
    },
  ],
  route: (asked, deployment, standing) => [
    { role: 'system', content: routeSystem(rulesText(deployment)) },
    { role: 'user', content: asked.text },
    { role: 'assistant', content: formatRoute(choiceOf(standing, deployment)) },
  ],
  guided: (asked, deployment, standing, random) => {
    const choice = arriving(standing, deployment, random)
    const answer = answerUnder(asked, standing)
    const content =
      choice.route === 'direct_violation'
        ? DIRECT_REFUSAL
        : choice.route === 'no_to_minimal_risk'
          ? asked.comply
          : formatReevaluation({ reevaluation: checkOf(standing), final_response: answer })
    return [...secondCall(asked.text, choice, rulesText(deployment)), { role: 'assistant', content }]
  },
}

const answerUnder = ({ comply, refuse }: Asked, { risk }: Standing): string =>
  risk === 'broken' ? (refuse ?? DIRECT_REFUSAL) : comply

const ROUTES: Readonly<Record<Standing['risk'], RouteName>> = {
  broken: 'direct_violation',
  near: 'potential_violation',
  none: 'no_to_minimal_risk',
}

/**
 * The first call's answer. Its check says the kinds of the things, goes through the guidelines one by one, and then says what follows: a
 * model of this size that is to find a kind in the whole list at once says "no rule" in three of ten cases where there is one.
 */
function choiceOf(standing: Standing, deployment: Deployment): RouteChoice {
  const route = ROUTES[standing.risk]
  return { system_check_result: firstCheck(standing, deployment), route, system_tip: TIPS[route] }
}

const NO_RISK: RouteChoice = choiceOf({ risk: 'none', kinds: [] }, [])

function firstCheck(standing: Standing, deployment: Deployment): string {
  const { kinds, risk, rule } = standing
  const walked = deployment.map((kind) => `${kind.rule} ${kind.name} ${kinds.includes(kind) ? 'yes' : 'no'}`)
  const found = risk === 'none' ? 'no rule is near.' : `rule ${rule} is ${risk}.`
  // A word before the first name, so that all names are the same tokens as in the list.
  const named = `names ${kinds.length === 0 ? 'none' : kinds.map(({ name }) => name).join(', ')}`
  return [named, walked.join(', '), found].join(': ')
}

function checkOf({ risk, rule, kinds }: Standing): string {
  const named = kinds.length === 0 ? '' : `${kinds.map(({ name }) => name).join(', ')}: `
  return `${named}${risk === 'none' ? 'no rule is near.' : `rule ${rule} is ${risk}.`}`
}

/**
 * The choice with which a second call arrives: mostly the right one; forbidden requests mostly on the middle route, as after a wrong
 * first call, because the refusing call is one and the same for all; half of the harmless ones there too.
 */
function arriving(standing: Standing, deployment: Deployment, random: Random): RouteChoice {
  const right = choiceOf(standing, deployment)
  const draw = random()
  const wrong = standing.risk === 'broken' ? draw < 0.85 : standing.risk === 'none' ? draw < 0.5 : false
  if (!wrong) return right
  const near =
    standing.risk === 'broken' ? firstCheck({ ...standing, risk: 'near' }, deployment) : right.system_check_result
  return { route: 'potential_violation', system_check_result: near, system_tip: TIPS.potential_violation }
}
