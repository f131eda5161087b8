/**
 * A written policy as text for a prompt: clauses with their ids, what they say and examples. The text comes from the policy's author and
 * is trusted; judged texts never go through here.
 */
import { HAZARDS } from '../../../../core/taxonomy/index.ts'
import type { PolicyClause } from '../../judge-input.ts'

/** The MLCommons hazards as clauses: the policy where nobody gives one. */
export const HAZARD_CLAUSES: readonly PolicyClause[] = HAZARDS.map(({ id, name, covers }) => ({
  id,
  title: name,
  text: covers,
  hazards: [id],
}))

export function policyText(clauses: readonly PolicyClause[]): string {
  return clauses.map(clauseText).join('\n\n')
}

function clauseText({ id, title, text, examples = {} }: PolicyClause): string {
  const lines = [`### ${id} ${title}`]
  if (text !== undefined) lines.push(text)
  for (const example of examples.violating ?? []) lines.push(`- Violates: ${JSON.stringify(example)}`)
  for (const example of examples.allowed ?? []) lines.push(`- Does not violate: ${JSON.stringify(example)}`)
  return lines.join('\n')
}
