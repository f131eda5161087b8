/** A sentence of the gateway's or the page's own, in which `…` stands for code. Made visible and cut like all text from outside. */
import type { VNode } from 'preact'
import { toLine } from './visible.ts'

export function Prose({ text, limit = 600 }: { readonly text: string; readonly limit?: number }): VNode {
  return (
    <bdi>
      {toLine(text, limit)
        .split('`')
        .map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))}
    </bdi>
  )
}
