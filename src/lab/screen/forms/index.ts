/** The forms of training data, which of them a file has, and a row of it as a conversation. */
import { ParapetError } from '../../../spec/errors.ts'
import type { ParsedRow } from '../read/parse-row.ts'
import type { BrokenRow, DataRow } from '../row.ts'
import { alpaca } from './alpaca.ts'
import { completion } from './completion.ts'
import { type Fields, type Form, type FormName, isFields } from './form.ts'
import { openai } from './openai.ts'
import { preference } from './preference.ts'
import { sharegpt } from './sharegpt.ts'

export type { FormName }

export const FORMS: readonly Form[] = [openai, sharegpt, preference, alpaca, completion]
export const FORM_NAMES: readonly FormName[] = FORMS.map(({ name }) => name)

/** The form of this name. Throws `configuration` for others. */
export function formNamed(name: string): Form {
  const form = FORMS.find((one) => one.name === name)
  if (form === undefined)
    throw new ParapetError('configuration', `There is no form ${name}; there are ${FORM_NAMES.join(', ')}.`)
  return form
}

/** The form of a value; null where no form, or more than one, fits. */
export function formOf(value: unknown): Form | null {
  if (!isFields(value)) return null
  const fitting = FORMS.filter((form) => form.matches(value))
  return fitting.length === 1 ? (fitting[0] ?? null) : null
}

/**
 * A parsed row in the file's form. A row that also has the fields of another form is not screened: a trainer might read the other one.
 */
export function readRow(parsed: ParsedRow, form: Form): DataRow | BrokenRow {
  if ('problem' in parsed) return parsed
  const { line, value } = parsed
  if (!isFields(value)) return { line, problem: 'The row is no object.' }
  if (!form.matches(value))
    return { line, problem: `The row has other fields than the form ${form.name}: ${form.fields}.` }
  const other = otherForm(value, form)
  if (other !== undefined)
    return { line, problem: `The row has the fields of ${form.name} and of ${other}; a trainer may read either.` }
  const read = form.read(value)
  return typeof read === 'string' ? { line, problem: read } : { line, ...read }
}

function otherForm(value: Fields, form: Form): FormName | undefined {
  return FORMS.find((one) => one !== form && one.matches(value))?.name
}
