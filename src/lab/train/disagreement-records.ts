/**
 * Training records from the texts on which a judge and the classifier before it disagreed: the judge's verdict is the label. Where the
 * judge contradicts itself about a text, it is left out. It asks no judge and knows no policy: what may be kept was decided before.
 */
import { writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import type { CascadeDisagreement } from '../../guards/judge/index.ts'
import { ParapetError } from '../../spec/index.ts'
import type { TrainingRecord } from './records.ts'

export interface DisagreementRecordOptions {
  /** Where the texts came from, and under what they may be used. */
  readonly source: string
  readonly licence: string
  /** BCP 47 code of a text's language. Default `und`. */
  readonly language?: (text: string) => string
}

/** What a record is made from; `texts` is null where the policy captured none. */
export type LabelledDisagreement = Pick<CascadeDisagreement, 'label' | 'judge'> & {
  readonly texts: CascadeDisagreement['texts'] | null
}

/**
 * One record for each text, in the order of their first disagreement.
 *
 * @throws ParapetError `input_invalid` for a disagreement without texts
 */
export function disagreementRecords(
  disagreements: readonly LabelledDisagreement[],
  { source, licence, language = () => 'und' }: DisagreementRecordOptions,
): readonly TrainingRecord[] {
  const byText = new Map<string, TrainingRecord | null>()
  for (const { label: task, judge, texts } of disagreements) {
    if (texts === null)
      throw new ParapetError(
        'input_invalid',
        'A disagreement without texts teaches nothing. Set record: { capture: redacted } or full in the policy, and collect again.',
      )
    const { prompt, response, system } = texts
    const label = judge.harmful ? 1 : 0
    const key = JSON.stringify([task, prompt, response, system])
    const known = byText.get(key)
    if (known !== undefined) {
      if (known?.label !== label) byText.set(key, null)
      continue
    }
    const lang = language(response ?? prompt)
    byText.set(key, { task, lang, prompt, response, system, label, categories: [], source, licence })
  }
  return [...byText.values()].filter((record) => record !== null)
}

/**
 * Writes them as a `*.jsonl.gz` file that `lab train` reads, and returns how many.
 *
 * @throws ParapetError `configuration` for another name, a path that is taken or cannot be written, or nothing to write
 */
export function writeDisagreementRecords(
  path: string,
  disagreements: readonly LabelledDisagreement[],
  options: DisagreementRecordOptions,
): number {
  if (!path.endsWith('.jsonl.gz'))
    throw new ParapetError('configuration', `${path} would not be read as training data. Let it end with .jsonl.gz.`)
  const records = disagreementRecords(disagreements, options)
  if (records.length === 0)
    throw new ParapetError('configuration', 'There is no disagreement to write. Raise sample, or widen the band.')
  const lines = records.map((record) => `${JSON.stringify(record)}\n`).join('')
  try {
    writeFileSync(path, gzipSync(lines), { flag: 'wx' })
  } catch (cause) {
    throw new ParapetError('configuration', `${path} cannot be written. Give a new file in a folder that is there.`, {
      cause,
    })
  }
  return records.length
}
