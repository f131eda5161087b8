/** Pairs that teach to stop refusing: the answer to move away from refuses, the one to move to does not, and the request looks harmful. */
import type { ClassifierEngine } from '../../../spec/engine.ts'
import type { NamedMeasure } from '../row.ts'
import type { RowView } from './row-view.ts'

/** Nothing for rows that are no pairs. Score 1 where the pair is flipped. */
export function preferenceFlip(engine: ClassifierEngine, { row, exchanges }: RowView): readonly NamedMeasure[] {
  const { rejected } = row
  if (rejected === undefined || rejected === '') return []
  // Whether an answer refuses shows at its beginning.
  const last = exchanges.findLast(({ from }) => from === 0)
  const asked = last?.asked ?? row.turns.findLast(({ role }) => role === 'user')?.text ?? ''
  const harmful = engine.classify({ prompt: asked }).prompt_harm ?? 0
  const refuses = (response: string): boolean => (engine.classify({ prompt: asked, response }).refusal ?? 0) > 0.5
  const flipped = harmful > 0.5 && refuses(rejected.slice(0, 20_000)) && (last === undefined || !refuses(last.answer))
  return [['preference-flip', { score: flipped ? 1 : 0 }]]
}
