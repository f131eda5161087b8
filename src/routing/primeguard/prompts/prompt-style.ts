/**
 * The prompts of the two calls as texts with places in them, so that another wording is a value and no code. What a place may hold is
 * checked when a style is taken: no wording can show the guidelines to the plain call, or the request to the refusing one.
 */
import { ParapetError } from '../../../spec/index.ts'

/**
 * Places: `{{guidelines}}` the restricted guidelines; `{{about}}` purpose and allowed things, if any; `{{sandbox}}` the request between
 * delimiters; `{{request}}` the request as it is; `{{tip}}` and `{{check}}` what the first call found; `{{refusal}}` the words of a
 * refusal.
 */
export interface PromptStyle {
  readonly name: string
  /** The first call: guidelines and request in, a JSON object with `system_check_result`, `route`, `system_tip` out. */
  readonly route: { readonly system?: string; readonly user: string }
  /** No to minimal risk: request and tip. */
  readonly plain: string
  /** Potential violation, first message: guidelines and request. */
  readonly analyse: string
  /** The model's own words, put in its mouth: tip and check. */
  readonly notes: string
  /** Third message; a JSON object with `reevaluation` and `final_response` comes out. */
  readonly reevaluate: string
  /** Direct violation: neither request nor guidelines. */
  readonly refuse: string
  /** How guidelines are listed: one a line, or in one. */
  readonly list: 'lines' | 'inline'
  /** Tokens: of the first answer, and of a second one's form and reevaluation. */
  readonly tokens: { readonly route: number; readonly reevaluation: number }
}

export type Place = 'guidelines' | 'about' | 'sandbox' | 'request' | 'tip' | 'check' | 'refusal'

type Rule = { readonly needs: readonly (readonly Place[])[]; readonly may: readonly Place[] }

const REQUEST: readonly Place[] = ['sandbox', 'request']
const RULES: Readonly<
  Record<'system' | 'user' | 'route' | Exclude<keyof PromptStyle, 'name' | 'route' | 'list' | 'tokens'>, Rule>
> = {
  system: { needs: [], may: ['guidelines', 'about'] },
  user: { needs: [REQUEST], may: ['guidelines', 'about', ...REQUEST] },
  route: { needs: [['guidelines'], REQUEST], may: ['guidelines', 'about', ...REQUEST] },
  plain: { needs: [['request'], ['tip']], may: ['request', 'tip'] },
  analyse: { needs: [['guidelines'], REQUEST], may: ['guidelines', 'about', ...REQUEST] },
  notes: { needs: [['tip'], ['check']], may: ['tip', 'check'] },
  reevaluate: { needs: [], may: ['about', 'refusal'] },
  refuse: { needs: [], may: ['refusal'] },
}

const PLACE = /\{\{(\w{1,20})\}\}/g

/** Fills the places of a text, once: what stands in a place is not looked at again. A place without a value is left empty. */
export function fill(template: string, values: Partial<Readonly<Record<Place, string>>>): string {
  return template.replaceAll(PLACE, (_, place: string) => values[place as Place] ?? '')
}

/** Gives the style back, or throws `configuration` with the place that is missing or must not be there. */
export function checkStyle(style: PromptStyle): PromptStyle {
  const { route, plain, analyse, notes, reevaluate, refuse } = style
  checkText('route.system', route.system ?? '', RULES.system)
  checkText('route.user', route.user, RULES.user)
  checkText('route', `${route.system ?? ''}\n${route.user}`, RULES.route)
  for (const [name, text] of Object.entries({ plain, analyse, notes, reevaluate, refuse }))
    checkText(name, text, RULES[name as 'plain'])
  for (const tokens of [style.tokens.route, style.tokens.reevaluation])
    if (!Number.isInteger(tokens) || tokens < 1)
      throw new ParapetError('configuration', `${tokens} is no number of tokens. Give whole numbers from 1.`)
  return style
}

function checkText(name: string, text: unknown, { needs, may }: Rule): void {
  if (typeof text !== 'string') throw new ParapetError('configuration', `The prompt \`${name}\` is no text.`)
  const found = [...text.matchAll(PLACE)].map((match) => match[1] ?? '')
  const foreign = found.find((place) => !(may as readonly string[]).includes(place))
  if (foreign !== undefined)
    throw new ParapetError(
      'configuration',
      `The prompt \`${name}\` must not hold {{${foreign}}}. It may hold: ${may.join(', ') || 'nothing'}.`,
    )
  for (const either of needs)
    if (!either.some((place) => found.includes(place)))
      throw new ParapetError('configuration', `Write {{${either.join('}} or {{')}}} into the prompt \`${name}\`.`)
}
