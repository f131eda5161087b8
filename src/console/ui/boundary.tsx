/**
 * Keeps a part of the page that cannot be drawn from taking the rest with it. What comes from the gateway is looked at before
 * (`data/shapes`); this is for what nobody thought of.
 */
import type { ComponentChildren, VNode } from 'preact'
import { useErrorBoundary, useRef } from 'preact/hooks'
import { ProblemNote } from './problem-note.tsx'

interface BoundaryProps {
  /** What is drawn. Drawing is tried again when it changes. */
  readonly of: unknown
  readonly children: ComponentChildren
}

export function Boundary({ of, children }: BoundaryProps): VNode {
  const broken = useRef<unknown>(undefined)
  const [error] = useErrorBoundary(() => {
    broken.current = of
  }) as [unknown, () => void]
  if (error === undefined || broken.current !== of) return <>{children}</>
  return (
    <ProblemNote
      problem={{
        code: 'unreadable',
        title: 'This cannot be shown',
        message: 'The gateway’s answer is not of the form that this page knows.',
        remedy: 'Reload the page: it may be older than the gateway.',
        status: null,
        param: null,
        decisionId: null,
        retryAfter: null,
      }}
    />
  )
}
