/** Names and values side by side. Values may be somebody else's text: they are isolated, made visible and cut. */
import type { ComponentChildren, VNode } from 'preact'
import { toLine } from './visible.ts'

export interface Fact {
  readonly name: string
  /** A string is somebody else's text; null leaves the fact out. */
  readonly value: ComponentChildren | null
}

export function Facts({ facts }: { readonly facts: readonly Fact[] }): VNode {
  return (
    <dl class="facts">
      {facts.map(({ name, value }) =>
        value === null || value === '' ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{typeof value === 'string' ? <bdi>{toLine(value)}</bdi> : value}</dd>
          </div>
        ),
      )}
    </dl>
  )
}
