/**
 * The text of the demo language model: harmless English answers of permissively licensed sources, one sentence sequence each.
 */
import type { RecordFile } from './records.ts'

/** Licences whose text may be counted into a model that ships. Share-alike ones are left out here. */
const PERMISSIVE = /^(MIT|Apache-2\.0|CC-BY-4\.0|CC0)/
const SOURCES = [
  'refusal_direction_harmless_completions',
  'multilingual_refusal_responses',
  'benign_misc',
  'glaive_toolcall_benign',
  'xquad_benign',
]

/** Programs and tables read badly when they are shuffled. */
const CODE = /[{}=<>\\$%]|https?:|\w\(\)/

/** Sentences of harmless answers that pass `isHarmless`. */
export function demoCorpus(files: readonly RecordFile[], isHarmless: (text: string) => boolean): readonly string[] {
  const roles = files.filter(({ name }) => name === 'awesome_chatgpt_prompts_benign').flatMap(({ records }) => records)
  const prompts = roles
    .filter(({ lang, licence }) => lang === 'en' && PERMISSIVE.test(licence))
    .map(({ prompt }) => prompt)
  const answers = files
    .filter(({ name }) => SOURCES.includes(name))
    .flatMap(({ records }) => records)
    .filter(
      ({ lang, licence, label, task }) =>
        lang === 'en' && label === 0 && PERMISSIVE.test(licence) && task !== 'response_harm',
    )
    .map(({ response }) => response ?? '')
  const texts = [...answers, ...prompts].filter((text) => text.length > 80 && !CODE.test(text) && isHarmless(text))
  return texts.map((text) =>
    text
      .replaceAll(/[*#`|_>[\]]/g, '')
      .replaceAll(/\s+/g, ' ')
      .trim(),
  )
}
