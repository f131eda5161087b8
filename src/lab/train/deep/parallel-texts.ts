/** English texts beside their translations, as `lab/translate/parallel.ts` writes them: gzipped JSON Lines `{"lang","english","text"}`. */
import { ParapetError } from '../../../spec/errors.ts'
import { readLines } from '../records.ts'

export interface ParallelText {
  readonly language: string
  readonly english: string
  readonly text: string
}

/** Throws `input_invalid` with the line of what is no pair. */
export function readParallelTexts(path: string): readonly ParallelText[] {
  return readLines(path).lines.flatMap((line, index) => (line === '' ? [] : [parse(line, `${path}:${index + 1}`)]))
}

function parse(line: string, place: string): ParallelText {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (cause) {
    throw new ParapetError('input_invalid', `${place} is not JSON. Write it with lab/translate/parallel.ts.`, { cause })
  }
  const { lang, english, text } = (value ?? {}) as Readonly<Record<string, unknown>>
  if (typeof lang !== 'string' || typeof english !== 'string' || typeof text !== 'string')
    throw new ParapetError('input_invalid', `${place} is no pair: it needs the strings lang, english and text.`)
  return { language: lang, english, text }
}
