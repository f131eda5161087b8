/** Characters that people do not see and models read: tags, invisible and reordering characters, look-alike letters. The unicode guard's findings. */
import { UNICODE_RECOGNISERS } from '../../../guards/unicode/recognisers.ts'
import { createPatternScanner } from '../../../core/scan/index.ts'
import type { NamedMeasure } from '../row.ts'
import type { RowView } from './row-view.ts'

const scanner = createPatternScanner(Object.values(UNICODE_RECOGNISERS))
const ASCII = /^[\x00-\x7f]*$/

/** Score 1 where there are any. */
export function hiddenText({ views }: RowView): NamedMeasure {
  for (const [turn, view] of views.entries()) {
    if (ASCII.test(view.original)) continue
    const span = scanner.scan(view).find(({ span: found }) => found !== undefined)?.span
    if (span !== undefined) return ['hidden-text', { score: 1, place: { turn, ...span } }]
  }
  return ['hidden-text', { score: 0 }]
}
