/** What heads on an encoder may claim of a language: nothing that the encoder has never seen. */
import type { GuardEncoderData } from '../../../nn/encoder/guard-encoder.ts'

type Coverage = GuardEncoderData['coverage']

/** Coverage by rows, with every language untested that the encoder learnt neither by pieces nor by parallel texts. */
export function encoderCoverage(coverage: Coverage, languages: readonly string[] | undefined): Coverage {
  if (languages === undefined) return coverage
  return Object.fromEntries(
    Object.entries(coverage).map(([head, known]) => [
      head,
      Object.fromEntries(
        Object.entries(known).map(([language, how]) => [language, languages.includes(language) ? how : 'untested']),
      ),
    ]),
  )
}

/** The languages a tier's file says something of: what its encoder knows, as far as the file tells. */
export function languagesOf(coverage: Coverage): readonly string[] {
  const claimed = Object.values(coverage).flatMap((known) =>
    Object.entries(known).flatMap(([language, how]) => (how === 'untested' ? [] : [language])),
  )
  return [...new Set(claimed)].toSorted()
}
