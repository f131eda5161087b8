/**
 * The conversations of both calls, built from a style's texts. Which call sees the request and which the guidelines is decided here:
 *
 *   call                  request  guidelines
 *   first                 yes      yes
 *   no to minimal risk    yes      no
 *   potential violation   yes      yes
 *   direct violation      no       no
 */
import type { Message } from '../../spec/index.ts'
import type { ReadConversation } from './conversation.ts'
import { withMedia } from './conversation.ts'
import type { Guidelines } from './guidelines.ts'
import { refusalWords } from './guidelines.ts'
import type { ReleasedBehaviour } from './options.ts'
import { COMPACT_STYLE } from './prompts/compact.ts'
import type { Place, PromptStyle } from './prompts/prompt-style.ts'
import { checkStyle, fill } from './prompts/prompt-style.ts'
import { PUBLISHED_STYLE } from './prompts/published.ts'
import type { RouteChoice } from './routes.ts'
import { absentNonce, neutralise } from './untrusted-text.ts'

export class Prompts {
  readonly style: PromptStyle
  readonly #released: ReadonlySet<ReleasedBehaviour>
  readonly #fixed: Partial<Record<Place, string>>
  readonly #directive: readonly Message[]

  constructor(
    style: 'published' | 'compact' | PromptStyle,
    guidelines: Guidelines,
    released: ReadonlySet<ReleasedBehaviour>,
  ) {
    this.style = style === 'published' ? PUBLISHED_STYLE : style === 'compact' ? COMPACT_STYLE : checkStyle(style)
    this.#released = released
    this.#fixed = {
      guidelines: listed(guidelines, this.style.list),
      about: about(guidelines),
      refusal: refusalWords(guidelines),
    }
    this.#directive = directive(guidelines)
  }

  /** The first call. */
  route({ judged }: ReadConversation): readonly Message[] {
    const { system, user } = this.style.route
    const places = { ...this.#fixed, ...this.#shown(judged) }
    return [
      ...(system === undefined ? [] : [{ role: 'system' as const, content: fill(system, places) }]),
      { role: 'user', content: fill(user, places) },
    ]
  }

  /** The second call. */
  answer(conversation: ReadConversation, { route, check, tip }: RouteChoice): readonly Message[] {
    const { plain, analyse, notes, reevaluate, refuse } = this.style
    const { directives, earlier, last, request, media, judged } = conversation
    const before = [...this.#directive, ...directives]
    switch (route) {
      case 'no_to_minimal_risk':
        // A tool's result is no request: it is answered as it stands.
        if (last.role !== 'user') return [...before, ...earlier, last]
        return [...before, ...earlier, withMedia(fill(plain, { ...this.#shown(request), tip }), media)]
      case 'potential_violation':
        return [
          ...before,
          withMedia(fill(analyse, { ...this.#fixed, ...this.#shown(judged) }), media),
          { role: 'assistant', content: fill(notes, { tip, check }) },
          { role: 'user', content: fill(reevaluate, this.#fixed) },
        ]
      case 'direct_violation':
        return [{ role: 'user', content: fill(refuse, { refusal: this.#fixed.refusal ?? '' }) }]
    }
  }

  /** A text of the user for the places that show one. */
  #shown(text: string): { readonly request: string; readonly sandbox: string } {
    const request = this.#released.has('raw-text') ? text : neutralise(text)
    const mark = this.#released.has('plain-delimiters') ? '' : ` ${absentNonce([request])}`
    return { request, sandbox: `<SANDBOX${mark}>\n${request}\n</SANDBOX${mark}>` }
  }
}

function listed({ restricted }: Guidelines, list: PromptStyle['list']): string {
  const entries = restricted.map(({ id, text }) => (list === 'inline' ? `${id} ${text}` : `${id}: ${text}`))
  return entries.join(list === 'inline' ? ', ' : '\n')
}

function about({ purpose, allowed }: Guidelines): string {
  return [
    ...(purpose === undefined ? [] : [`\nThe system is for this: ${purpose}`]),
    ...(allowed.length === 0 ? [] : [`\nAllowed, although it may sound otherwise:\n- ${allowed.join('\n- ')}`]),
  ].join('\n')
}

/** What the answering model is told of its task; nothing where the guidelines say only what is restricted. */
function directive({ purpose, helpful, tone }: Guidelines): readonly Message[] {
  const content = [purpose, ...helpful, tone].filter((text) => text !== undefined).join('\n')
  return content === '' ? [] : [{ role: 'system', content }]
}
