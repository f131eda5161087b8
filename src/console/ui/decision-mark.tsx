/**
 * A decision as shape, word and colour. The shapes alone tell the eight apart (circle, pennant, pencil, bubble, square, octagon,
 * triangle, clock), so does the word; colour only helps.
 */
import type { ComponentChildren, VNode } from 'preact'
import type { Decision } from '../data/words.ts'
import { wordOf } from './vocabulary.ts'

const SHAPES: Readonly<Record<Decision, ComponentChildren>> = {
  pass: (
    <>
      <circle cx="8" cy="8" r="6.25" fill="none" />
      <path d="m5 8.2 2.1 2.1L11 6.2" fill="none" />
    </>
  ),
  flag: (
    <>
      <path d="M3.5 1.5v13" fill="none" />
      <path d="M3.5 2.5h9l-2.6 3 2.6 3h-9z" class="solid" />
    </>
  ),
  modify: (
    <>
      <path d="m2.5 13.5.6-3.2 7.6-7.6 2.6 2.6-7.6 7.6z" fill="none" />
      <path d="m9 4.4 2.6 2.6" fill="none" />
    </>
  ),
  refuse: (
    <>
      <path d="M2 2.5h12v8.5H7.5L4.5 14v-3H2z" fill="none" />
      <path d="M5 6.75h6" fill="none" />
    </>
  ),
  hold: (
    <>
      <rect x="2" y="2" width="12" height="12" rx="2.5" fill="none" />
      <path d="M6.2 5.5v5M9.8 5.5v5" fill="none" />
    </>
  ),
  block: (
    <>
      <path d="M5.3 1.5h5.4l3.8 3.8v5.4l-3.8 3.8H5.3l-3.8-3.8V5.3z" class="solid" />
      <path d="M4.8 8h6.4" class="bar" fill="none" />
    </>
  ),
  error: (
    <>
      <path d="M8 1.8 14.8 14H1.2z" fill="none" />
      <path d="M8 6.2v3.9M8 11.9v.3" fill="none" />
    </>
  ),
  timeout: (
    <>
      <circle cx="8" cy="8.6" r="5.6" fill="none" />
      <path d="M8 5.4v3.4l2.2 1.3M6.2 1.4h3.6" fill="none" />
    </>
  ),
}

/** Only the shape; for where the word stands beside it. */
export function DecisionShape({ decision }: { readonly decision: Decision }): VNode {
  return (
    <svg class="shape" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      {SHAPES[decision]}
    </svg>
  )
}

/** Shape and word. */
export function DecisionMark({ decision }: { readonly decision: Decision }): VNode {
  return (
    <span class="decision" data-decision={decision}>
      <DecisionShape decision={decision} />
      {wordOf(decision)}
    </span>
  )
}
