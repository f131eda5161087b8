/** Everything a judgement tells below its head: texts with what was found in them, scores, guards, exceptions and warnings. */
import type { VNode } from 'preact'
import type { Judgement, Span } from '../../data/words.ts'
import { GuardsTable } from './guards-table.tsx'
import { MarkedText, PlainText, hasSigns } from './marked-text.tsx'
import { plural, scoreText } from '../../ui/numbers.ts'
import { Scores } from './scores.tsx'
import type { ShownText } from './texts.ts'
import { changesIn, placeOf } from './texts.ts'
import { toLine } from '../../ui/visible.ts'

interface JudgementViewProps {
  readonly judgement: Judgement
  readonly texts: readonly ShownText[]
  /** Said where there is no text to show. */
  readonly textless?: string
}

/** Texts of a conversation that are shown; a longer one is cut. */
const MOST_TEXTS = 60

export function JudgementView({ judgement, texts, textless }: JudgementViewProps): VNode {
  return (
    <>
      {texts.length === 0 ? (
        textless === undefined ? null : (
          <p class="quiet block">{textless}</p>
        )
      ) : (
        <section class="block" aria-label="Texts">
          {texts.slice(0, MOST_TEXTS).map((text, index) => (
            <TextPanel key={index} shown={text} />
          ))}
          {texts.length > MOST_TEXTS ? (
            <p class="quiet">{plural(texts.length - MOST_TEXTS, 'more text')} not shown.</p>
          ) : null}
        </section>
      )}
      <Findings spans={judgement.spans} />
      <div class="columns">
        <Scores judgement={judgement} />
        <GuardsTable judgement={judgement} />
      </div>
      <Remarks title="Warnings" remarks={judgement.warnings} />
      <Remarks title="Exceptions that silenced a finding" remarks={judgement.exceptions} />
    </>
  )
}

function TextPanel({ shown }: { readonly shown: ShownText }): VNode {
  const { title, text, spans, modified } = shown
  const signs = hasSigns(text)
  return (
    <div class={modified === undefined ? 'texts' : 'texts two'}>
      <figure>
        <figcaption>
          {title}
          {signs ? <span class="note">unseen characters are shown as signs</span> : null}
        </figcaption>
        <MarkedText text={text} spans={spans} />
      </figure>
      {modified === undefined ? null : (
        <figure class="after">
          <figcaption>What goes on</figcaption>
          {modified === '' ? (
            <p class="quiet">Nothing is left.</p>
          ) : (
            <PlainText text={modified} changes={changesIn(modified, text, spans)} />
          )}
        </figure>
      )}
    </div>
  )
}

const MOST_FINDINGS = 100

function Findings({ spans }: { readonly spans: readonly Span[] }): VNode | null {
  if (spans.length === 0) return null
  const shown = spans.slice(0, MOST_FINDINGS)
  return (
    <details class="block">
      <summary>
        <h4>{plural(spans.length, 'place')} found</h4>
      </summary>
      <table>
        <thead>
          <tr>
            <th scope="col">Label</th>
            <th scope="col">Where</th>
            <th scope="col" class="number">
              Score
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((span, index) => (
            <tr key={index}>
              <td>
                <span class="label">{toLine(span.label, 48)}</span>
              </td>
              <td>{placeOf(span)}</td>
              <td class="number">{scoreText(span.score)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {spans.length > shown.length ? (
        <p class="quiet">{plural(spans.length - shown.length, 'more place')} not listed.</p>
      ) : null}
    </details>
  )
}

function Remarks({ title, remarks }: { readonly title: string; readonly remarks: readonly string[] }): VNode | null {
  if (remarks.length === 0) return null
  return (
    <section class="block">
      <h4>{title}</h4>
      <ul class="remarks">
        {[...new Set(remarks)].slice(0, 50).map((remark) => (
          <li key={remark}>
            <bdi>{toLine(remark, 300)}</bdi>
          </li>
        ))}
      </ul>
    </section>
  )
}
