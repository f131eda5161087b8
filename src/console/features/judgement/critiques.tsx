/** Why judges found what they found: the clause, their words with what they quote marked, and what the quotes are worth. */
import type { VNode } from 'preact'
import type { Critique } from '../../data/words.ts'
import { plural } from '../../ui/numbers.ts'
import { toLine } from '../../ui/visible.ts'
import { stageWord } from '../../ui/vocabulary.ts'
import { PlainText } from './marked-text.tsx'
import { occurrencesIn, placeOf } from './texts.ts'

type Given = Extract<Critique, { readonly status: 'given' }>

const MOST_CRITIQUES = 32
const MOST_QUOTES = 24
/** Characters of a critique that stand open; a longer one is folded behind its beginning. */
const OPEN = 600

export function Critiques({ critiques }: { readonly critiques: readonly Critique[] }): VNode | null {
  if (critiques.length === 0) return null
  return (
    <section class="block" aria-label="Critiques">
      <h4>Why</h4>
      {critiques.slice(0, MOST_CRITIQUES).map((critique, index) => (
        <article key={index} class="critique">
          <p>
            <strong>
              <bdi>{toLine(critique.guard, 60)}</bdi>
            </strong>{' '}
            <span class="stage">{stageWord(critique.stage)}</span>
            {critique.status === 'given' ? <Clauses critique={critique} /> : null}
          </p>
          {critique.status === 'given' ? (
            <Reasons critique={critique} />
          ) : (
            <p class="failure">
              No critique came: <bdi>{toLine(critique.error.message, 300)}</bdi> The decision does not depend on it.
            </p>
          )}
        </article>
      ))}
      {critiques.length > MOST_CRITIQUES ? (
        <p class="quiet">{plural(critiques.length - MOST_CRITIQUES, 'more critique')} not shown.</p>
      ) : null}
    </section>
  )
}

function Clauses({ critique }: { readonly critique: Given }): VNode {
  return (
    <span class="labels">
      {critique.clauses.map(({ id, title }) => (
        <span key={id} class="label">
          {toLine(`${id} ${title}`, 80)}
        </span>
      ))}
    </span>
  )
}

function Reasons({ critique }: { readonly critique: Given }): VNode {
  const { text, quotes, invented, contradicts, silent = false } = critique
  const marked = (
    <PlainText
      text={text}
      changes={occurrencesIn(
        text,
        quotes.map(({ words }) => words),
      )}
    />
  )
  return (
    <>
      {contradicts ? <p class="failure">The critique restates the opposite of the label. The label decided.</p> : null}
      {silent ? <p class="quiet">The critique names none of the clauses above.</p> : null}
      {text.length <= OPEN ? (
        marked
      ) : (
        <details>
          <summary>
            <bdi>{toLine(text, 160)}</bdi>
          </summary>
          {marked}
        </details>
      )}
      {quotes.length === 0 ? null : (
        <ul class="remarks" aria-label="Quoted">
          {quotes.slice(0, MOST_QUOTES).map(({ words, span }, index) => (
            <li key={index}>
              <q>
                <bdi>{toLine(words, 200)}</bdi>
              </q>{' '}
              <span class="quiet">{span === null ? 'beside the judged text' : placeOf({ ...critique, ...span })}</span>
            </li>
          ))}
        </ul>
      )}
      {quotes.length > MOST_QUOTES ? (
        <p class="quiet">{plural(quotes.length - MOST_QUOTES, 'more quote')} not listed.</p>
      ) : null}
      {invented === 0 ? null : <p class="quiet">{plural(invented, 'quote')} in none of the texts.</p>}
    </>
  )
}
