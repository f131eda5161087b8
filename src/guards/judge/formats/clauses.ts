/**
 * Clauses of a taxonomy or policy: checked once when a format is made, found by what a judge writes. What a clause means is not its
 * concern.
 */
import { ParapetError } from '../../../spec/index.ts'
import { hazardOf } from '../../../core/taxonomy/index.ts'
import type { PolicyClause } from '../judge-input.ts'
import type { NamedClause, ReadingRemark } from '../judge-reading.ts'

/** Ids that a judge can write back without doubt. */
const ID = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$/
const MOST_CLAUSES = 200
const LONGEST_CLAUSE = 20_000

/**
 * Clauses given by a user.
 *
 * @throws ParapetError `configuration` for none, too many, or one with a bad or repeated id, no title, a very long text or a hazard
 * that is none.
 */
export function checkClauses(
  format: string,
  clauses: readonly PolicyClause[],
  id: RegExp = ID,
): readonly PolicyClause[] {
  const fail = (what: string): never => {
    throw new ParapetError('configuration', `Judge format ${format}: ${what}`)
  }
  if (clauses.length === 0 || clauses.length > MOST_CLAUSES) fail(`give 1 to ${MOST_CLAUSES} clauses.`)
  const seen = new Set<string>()
  for (const clause of clauses) {
    if (!id.test(clause.id))
      fail(`clause id "${clause.id.slice(0, 80)}" does not match ${id.source}. Write a short code.`)
    if (seen.has(clause.id.toLowerCase())) fail(`clause id "${clause.id}" stands twice. Ids differ by more than case.`)
    seen.add(clause.id.toLowerCase())
    if (clause.title.trim() === '' || /[\r\n]/.test(clause.title))
      fail(`clause ${clause.id} needs a title of one line.`)
    if ((clause.text?.length ?? 0) > LONGEST_CLAUSE)
      fail(`clause ${clause.id} is longer than ${LONGEST_CLAUSE} characters.`)
    // No action of a policy would ever hear of it.
    const unknown = clause.hazards?.find((hazard) => hazardOf(hazard) === undefined)
    if (unknown !== undefined) fail(`clause ${clause.id} names hazard "${unknown.slice(0, 80)}". Write S1 to S14.`)
  }
  return clauses
}

export function namedClause({ id, title, hazards = [] }: PolicyClause): NamedClause {
  return { id, title: title.replace(/[\s.]+$/, ''), hazards }
}

/** The clause with this id or title, whatever its case, spaces around it and full stop. */
export function findClause(clauses: readonly PolicyClause[], name: string): PolicyClause | undefined {
  const wanted = bare(name)
  return clauses.find(({ id }) => bare(id) === wanted) ?? clauses.find(({ title }) => bare(title) === wanted)
}

/** In lower case, without spaces around it and full stops behind it. Linear, since names come from a model. */
function bare(name: string): string {
  const trimmed = name.trim()
  let end = trimmed.length
  while (end > 0 && /[\s.]/.test(trimmed.charAt(end - 1))) end -= 1
  return trimmed.slice(0, end).toLowerCase()
}

/** Clauses for a list of names, each once; names that are none become remarks. */
export function nameClauses(
  clauses: readonly PolicyClause[],
  names: readonly string[],
): { readonly categories: readonly NamedClause[]; readonly remarks: readonly ReadingRemark[] } {
  const found = new Set<PolicyClause>()
  const unknown = new Set<string>()
  for (const name of names) {
    if (name.trim() === '') continue
    const clause = findClause(clauses, name)
    if (clause === undefined) unknown.add(name.trim().slice(0, 100))
    else found.add(clause)
  }
  return {
    categories: [...found].map(namedClause),
    remarks: [...unknown].map((name) => ({ kind: 'unknown_category', name })),
  }
}
