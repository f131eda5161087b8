/**
 * Scores as bars with numbers. They are what the classifier thinks, whatever the policy's thresholds; a head that does not apply
 * says so. The bars are drawn as SVG: the page allows no style attributes.
 */
import type { VNode } from 'preact'
import type { Judgement } from '../../data/words.ts'
import { scoreText } from '../../ui/numbers.ts'
import { HEADS } from '../../ui/vocabulary.ts'

/** Categories below this are listed only on demand. */
const NOTABLE = 0.05

export function Scores({ judgement }: { readonly judgement: Judgement }): VNode {
  const { scores } = judgement
  const categories = Object.entries(judgement.categories).toSorted(([, left], [, right]) => right - left)
  const notable = categories.filter(([, score]) => score >= NOTABLE)
  const rest = categories.length - notable.length
  const none = HEADS.every(([head]) => scores[head] === null)
  return (
    <section class="block">
      <h4>Scores</h4>
      {none ? (
        <p class="quiet">Nothing was scored: no classifier judged this.</p>
      ) : (
        <ul class="scores">
          {HEADS.map(([head, name]) => (
            <Bar key={head} name={name} score={scores[head]} />
          ))}
        </ul>
      )}
      {categories.length === 0 ? null : (
        <>
          <h5>Hazard categories</h5>
          {notable.length === 0 ? <p class="quiet">None above {scoreText(NOTABLE)}.</p> : <Bars entries={notable} />}
          {rest === 0 ? null : (
            <details>
              <summary>
                {rest} below {scoreText(NOTABLE)}
              </summary>
              <Bars entries={categories.slice(notable.length)} />
            </details>
          )}
        </>
      )}
    </section>
  )
}

function Bars({ entries }: { readonly entries: readonly (readonly [string, number])[] }): VNode {
  return (
    <ul class="scores">
      {entries.map(([name, score]) => (
        <Bar key={name} name={name} score={score} />
      ))}
    </ul>
  )
}

function Bar({ name, score }: { readonly name: string; readonly score: number | null }): VNode {
  const width = score === null ? 0 : Math.min(Math.max(score, 0), 1) * 100
  return (
    <li class={score === null ? 'unscored' : undefined}>
      <span class="score-name">{name}</span>
      <svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" focusable="false">
        <rect class="bar-track" width="100" height="8" />
        <rect class="bar-value" width={width} height="8" />
      </svg>
      <span class="number">{score === null ? 'n/a' : scoreText(score)}</span>
    </li>
  )
}
