/** A text with its spans marked and labelled, and every unseen character made visible. */
import type { VNode } from 'preact'
import type { Span } from '../../data/words.ts'
import type { Part, Tag } from './layout.ts'
import { layOut } from './layout.ts'
import type { Change } from './texts.ts'
import { countText, plural, scoreText } from '../../ui/numbers.ts'
import type { Piece } from '../../ui/visible.ts'
import { toLine, toPieces } from '../../ui/visible.ts'
import { familyOf } from '../../ui/vocabulary.ts'

interface MarkedTextProps {
  readonly text: string
  readonly spans: readonly Pick<Span, 'start' | 'end' | 'label' | 'score'>[]
}

export function MarkedText({ text, spans }: MarkedTextProps): VNode {
  const { parts, left } = layOut(text, spans)
  return (
    <>
      <p class="text" dir="auto">
        {parts.map((part, index) => (
          <TextPart key={index} part={part} />
        ))}
      </p>
      {left === 0 ? null : <p class="quiet">{plural(left, 'more place')} not marked here.</p>}
    </>
  )
}

/** The label of a stretch that is marked without one. */
const CHANGED = ''

interface PlainTextProps {
  readonly text: string
  /** Stretches that stand out. */
  readonly changes?: readonly Change[]
}

/** A text without labels, for what takes the place of another. */
export function PlainText({ text, changes = [] }: PlainTextProps): VNode {
  return <MarkedText text={text} spans={changes.map((change) => ({ ...change, label: CHANGED, score: 1 }))} />
}

function TextPart({ part }: { readonly part: Part }): VNode {
  const content =
    part.kind === 'gap' ? (
      <span class="gap">… {countText(part.characters)} characters …</span>
    ) : (
      <Pieces pieces={part.pieces} />
    )
  const [first] = part.labels
  if (first === undefined) return content
  return (
    <mark data-family={familyOf(first)} data-depth={Math.min(part.labels.length, 3)}>
      {content}
      <Tags tags={part.tags} />
    </mark>
  )
}

function Tags({ tags }: { readonly tags: readonly Tag[] }): VNode | null {
  const named = tags.filter(({ label }) => label !== CHANGED)
  if (named.length === 0) return null
  return (
    <bdi class="tags" dir="ltr">
      {named.map(({ label, score }) => (
        <span key={label} class="tag">
          {toLine(label, 48)}
          {score < 1 ? <span class="tag-score"> {scoreText(score)}</span> : null}
        </span>
      ))}
    </bdi>
  )
}

function Pieces({ pieces }: { readonly pieces: readonly Piece[] }): VNode {
  return <>{pieces.map((piece, index) => (piece.kind === 'text' ? piece.text : <Sign key={index} sign={piece} />))}</>
}

function Sign({ sign }: { readonly sign: Piece & { readonly kind: 'sign' } }): VNode {
  const { short, name, times } = sign
  const label = times === 1 ? name : `${name}, ${countText(times)} times`
  // What tag characters spell is somebody's text, too.
  return (
    <span class="sign" role="img" aria-label={toLine(label, 200)} title={toLine(label, 200)} dir="ltr">
      {toLine(short, 80)}
      {times === 1 ? null : `×${countText(times)}`}
    </span>
  )
}

/** Whether a text holds characters that are shown as signs. */
export function hasSigns(text: string): boolean {
  return toPieces(text.slice(0, 20_000)).some((piece) => piece.kind === 'sign')
}
