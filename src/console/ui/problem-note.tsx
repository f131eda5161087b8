/** A problem: what happened, what the gateway said, what to do. */
import type { ComponentChildren, VNode } from 'preact'
import type { Problem } from '../data/problem.ts'
import { Prose } from './prose.tsx'
import { toLine } from './visible.ts'

interface ProblemNoteProps {
  readonly problem: Problem
  /** Buttons. */
  readonly children?: ComponentChildren
}

export function ProblemNote({ problem, children }: ProblemNoteProps): VNode {
  const { title, message, remedy, code, status, param, decisionId, retryAfter } = problem
  const facts = [
    code,
    status === null ? null : `status ${status}`,
    param === null ? null : `field ${toLine(param)}`,
    decisionId === null ? null : toLine(decisionId),
    retryAfter === null ? null : `after ${retryAfter} s`,
  ].filter((fact) => fact !== null)
  return (
    <div class="problem" role="alert">
      <p class="problem-title">{title}</p>
      <p>
        <Prose text={message} />
      </p>
      <p>
        <Prose text={remedy} />
      </p>
      <p class="quiet code">{facts.join(' · ')}</p>
      {children === undefined ? null : <p class="actions">{children}</p>}
    </div>
  )
}
