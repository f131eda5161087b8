/**
 * Reads the agent guidelines of ABCD (Chen et al. 2021, "Action-Based Conversations Dataset") as published: `guidelines.json`
 * (texts by flow and subflow), `ontology.json` (names of flows, subflows and actions) and `kb.json` (actions of each subflow).
 *
 * The texts and the ontology name subflows differently but list them in the same order, which is how they are matched. Buttons
 * become actions of the ontology. The flow to check is that of `kb.json`, which leaves out what a text only advises.
 */
import { ParapetError } from '../../../spec/errors.ts'
import type { Flow, Guideline, GuidelineStep } from './guideline.ts'
import { type JsonObject, listOf, objectOf, textOf, textsOf } from './json-fields.ts'

/** The three files, parsed. */
export interface AbcdFiles {
  readonly guidelines: unknown
  readonly kb: unknown
  readonly ontology: unknown
}

/** Buttons whose action has another name. */
const RENAMED: Readonly<Record<string, string>> = {
  'membership-privileges': 'membership',
  'notify-internal-team': 'notify-team',
  'enter-detail': 'enter-details',
  'select-answer': 'select-faq',
}

/** Texts that give the agent a free choice of order. */
const ANY_ORDER = /\bany order\b|\bshuffle up the order\b/i

/** One guideline for each subflow; its id is the name in the ontology, such as `return_size`. Throws `input_invalid`. */
export function readAbcdGuidelines(files: AbcdFiles): readonly Guideline[] {
  const texts = objectOf(files.guidelines, 'guidelines')
  const kb = objectOf(files.kb, 'kb')
  const ontology = objectOf(files.ontology, 'ontology')
  const intents = objectOf(ontology['intents'], 'ontology: intents')
  const subflowNames = objectOf(intents['subflows'], 'ontology: intents.subflows')
  const groups = Object.entries(objectOf(ontology['actions'], 'ontology: actions'))
  const actions = new Set(groups.flatMap(([name, group]) => Object.keys(objectOf(group, `ontology: actions.${name}`))))
  return Object.entries(texts).flatMap(([title, value]) => {
    const flow = objectOf(value, `guidelines: ${title}`)
    const subflows = Object.entries(objectOf(flow['subflows'], `guidelines: ${title}.subflows`))
    const names = textsOf(subflowNames[flowName(title)], `ontology: intents.subflows.${flowName(title)}`)
    if (names.length !== subflows.length)
      throw new ParapetError(
        'input_invalid',
        `guidelines: ${title} has ${subflows.length} subflows, the ontology ${names.length}. Use files of one release.`,
      )
    return subflows.map(([subtitle, content], index) => {
      const id = names[index] ?? ''
      const place = `${title}.${subtitle}`
      return guidelineOf(id, `${title}: ${subtitle}`, objectOf(content, `guidelines: ${place}`), place, actions, kb[id])
    })
  })
}

function guidelineOf(
  id: string,
  title: string,
  subflow: JsonObject,
  place: string,
  known: ReadonlySet<string>,
  kb: unknown,
): Guideline {
  const steps = listOf(subflow['actions'], `guidelines: ${place}.actions`).map((value, index): GuidelineStep => {
    const at = `guidelines: ${place}.actions[${index}]`
    const action = objectOf(value, at)
    const text = [textOf(action['text'], `${at}.text`), ...textsOf(action['subtext'], `${at}.subtext`)].join('\n')
    const name = actionOf(textOf(action['button'], `${at}.button`), known)
    return { id: `${id}/${index + 1}`, text, ...(name === undefined ? {} : { action: name }) }
  })
  const rules = textsOf(subflow['instructions'], `guidelines: ${place}.instructions`)
  const actions = textsOf(kb, `kb: ${id}`)
  const stranger = actions.find((name) => !known.has(name))
  if (stranger !== undefined)
    throw new ParapetError('input_invalid', `kb: ${id} names ${stranger}, which is no action of the ontology.`)
  const flow: Flow = { actions, ordered: !rules.some((rule) => ANY_ORDER.test(rule)) }
  return { id, title, steps, rules, flow, source: 'abcd' }
}

/** `Single-Item Query` is `single_item_query`. */
function flowName(title: string): string {
  return title.toLowerCase().replaceAll(/[^a-z]+/g, '_')
}

/** `Log Out/In` is `log-out-in`; `Boots`, a page of the FAQ, is `search-boots`; `N/A` and what only is said have none. */
function actionOf(button: string, known: ReadonlySet<string>): string | undefined {
  const slug = button.toLowerCase().replaceAll(/[^a-z]+/g, '-')
  // The FAQ page Membership is `search-membership`; the action `membership` has the button Membership Privileges.
  return [RENAMED[slug], `search-${slug}`, slug].find((name) => name !== undefined && known.has(name))
}
