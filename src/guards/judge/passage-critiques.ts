/**
 * The reasons behind judged passages, asked for after the label and read with their places in the original text. A passage that was not
 * found harmful has none. Labels and scores are not touched.
 */
import type { CompletionOptions, Critique } from '../../spec/index.ts'
import type { CritiqueReading } from './formats/critique.ts'
import type { JudgedPassage } from './judge-summary.ts'
import { AT_ONCE, settleAll } from './settle-all.ts'

/** What the judge says of a passage beyond its label. */
export interface PassageCritique extends Critique {
  /** The reading in full. Its places count in the texts as the judge saw them: normalised, the passage alone. */
  readonly critique: CritiqueReading
}

/** What can be asked about after the verdict. */
export interface ExplainedText {
  readonly passages: readonly JudgedPassage[]
  /** The texts that passages and prompts were cut from. */
  readonly whole: readonly string[]
}

/** Asks for each passage's reasons unless they are known, some at once. Rejects as the engine does. */
export async function askPassages(
  { passages, whole }: ExplainedText,
  call: CompletionOptions,
): Promise<readonly PassageCritique[]> {
  const asked = await settleAll(passages, AT_ONCE, async (passage) => {
    const reading = passage.critique ?? (await passage.answer.critique(call))
    return reading === null ? [] : [critiqueOf(passage, whole, reading)]
  })
  return asked.flatMap((one) => {
    if (one.status === 'rejected') throw one.reason
    return one.value
  })
}

function critiqueOf(
  { start, end, view, input, answer }: JudgedPassage,
  whole: readonly string[],
  critique: CritiqueReading,
): PassageCritique {
  const judged = (critique.response ?? critique.prompt).found
  const beside = critique.response === null ? [] : critique.prompt.found
  const here = judged.map(({ quote: words, start: from, end: to }) => {
    const [first, last] = view.toOriginal(from, to)
    return { words, span: { start: start + first, end: start + last } }
  })
  const known = new Set(here.map(({ words }) => words))
  const elsewhere = beside.flatMap(({ quote: words }) => (known.has(words) ? [] : [{ words, span: null }]))
  const { earlier = [], system } = input
  return {
    ...{ start, end, text: critique.text, critique },
    clauses: answer.reading.categories.map(({ id, title }) => ({ id, title })),
    quotes: [...here, ...elsewhere],
    ...{ invented: critique.invented.length, contradicts: critique.contradicts },
    ...(critique.silent ? { silent: true } : {}),
    seen: [...whole, ...earlier.map(({ text }) => text), ...(system === undefined ? [] : [system])],
  }
}
