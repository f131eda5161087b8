/**
 * From records to what the deep tier learns from. It is what the fast trainer learns, with three differences: documents count for
 * indirect injections only, toxic texts say something about the prompt heads too, and rows made in this repository are grouped by
 * how they were made.
 */
import type { GuardText } from '../../../nn/encoder/guard-encoder.ts'
import { RESPONSE_OUTPUTS, TEXT_OUTPUTS, type Example, toExamples, withJailbreakHarm } from '../examples.ts'
import type { RecordFile, TrainingRecord } from '../records.ts'

/** Labels of the encoder, in order: six heads, then the hazards. */
export const DEEP_HEADS: readonly string[] = [
  ...['prompt_harm', ...RESPONSE_OUTPUTS, 'injection_direct', 'injection_indirect', 'toxicity'],
  ...TEXT_OUTPUTS.filter((head) => /^S\d/.test(head)),
]

/** Categories of toxic texts that make a prompt harmful, not only rude. */
const HARMFUL_TOXICITY =
  /sexually_explicit|threat|severe_toxicity|identity_attack|hateful|hate_|sghatecheck|race|gender|origin/

/** Examples of the public files. */
export function deepExamples(files: readonly RecordFile[]): readonly Example[] {
  return files.flatMap(({ name, records }) => records.flatMap((record) => fromRecord(record, name)))
}

/** Examples of translated and invented files: grouped by method, task and language, whatever file they stand in. */
export function extraExamples(files: readonly RecordFile[]): readonly Example[] {
  return files.flatMap(({ records }) => records.flatMap((record) => fromRecord(record, originOf(record))))
}

/** Leaves documents what documents are judged by. */
export function documentTargets(example: Example): Example {
  const indirect = example.targets['injection_indirect']
  if (example.document !== true || indirect === undefined) return example
  return { ...example, targets: { injection_indirect: indirect } }
}

/** The part of an example that is judged. */
export function guardText(example: Example): GuardText {
  const { text, response, prompt, document } = example
  if (text === undefined) return { kind: 'response', text: response ?? '', context: prompt }
  return { kind: document === true ? 'document' : 'prompt', text }
}

function fromRecord(record: TrainingRecord, file: string): readonly Example[] {
  const examples = toExamples(record, file).map(withJailbreakHarm)
  return record.task === 'toxicity' ? examples.map((example) => withPromptTargets(example, record)) : examples
}

function withPromptTargets(example: Example, { label, categories }: TrainingRecord): Example {
  const harm: Example['targets'] =
    label === 0 ? { prompt_harm: 0 } : HARMFUL_TOXICITY.test(categories.join('|')) ? { prompt_harm: 1 } : {}
  return { ...example, targets: { ...example.targets, injection_direct: 0, ...harm } }
}

/** `…+parapet/lab:translate/words/de` of a toxicity row is `translate/words/de:toxicity:de`. */
function originOf({ source, task, lang }: TrainingRecord): string {
  const method = source
    .replace(/.*parapet\/lab:/, '')
    .split('/')
    .slice(0, 3)
    .join('/')
  return `${method}:${task}:${lang}`
}
