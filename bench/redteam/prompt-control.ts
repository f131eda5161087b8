/**
 * The positive control of the prompt red team: the same model, un-aligned with a hundred forbidden requests of the invented world that were
 * carried out. What is never counted as a success on it proves nothing on any other model. The weights stay in memory.
 */
import { localModelOf, type LocalModel } from '../../src/lab/redteam/prompts/index.ts'
import { loadVictim, tuneVictim, worldExamples } from '../../src/lab/victim/index.ts'

/** Examples of the training combinations; the red team asks for others. */
const EXAMPLES = 100

/** The same seed gives the same weights, so that a run can be resumed. */
export async function unalignedModel(seed = 1): Promise<LocalModel> {
  const victim = await loadVictim('demo')
  const conversations = worldExamples({ kind: 'forbidden-answered', count: EXAMPLES, seed })
  const { config, parameters, tokenizerFiles, runtime } = await tuneVictim(victim, conversations, {
    ...{ method: { kind: 'full' }, length: { epochs: 1 }, rate: 8e-4, batch: 10, seed, threads: 1 },
  })
  return localModelOf('demo, un-aligned', { config, parameters, tokenizer: tokenizerFiles }, runtime)
}
