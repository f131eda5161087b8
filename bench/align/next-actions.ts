/** The second table of the proof: next actions under the published guidelines of ABCD, before and after alignment. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FLOW_SHAPE } from '../../src/lab/align/flow/flow-model.ts'
import { guidelineText, parseJsonFile, readAbcdDialogues, readAbcdGuidelines } from '../../src/lab/align/index.ts'
import { studyNextActions } from '../../src/lab/align/guidelines/next-action-study.ts'
import { loadOnnxRuntime } from '../../src/nn/runtime/onnx-runtime.ts'

/** Shortest guidelines are taken: what does not fit 768 tokens a row is out of reach of this model. */
const [LEARNT, UNSEEN] = [24, 8]

/** `data` is the folder of the published files. Lines of a table. */
export async function nextActionTable(
  data: string,
  out: string,
  onProgress: (message: string) => void,
): Promise<readonly string[]> {
  const file = (name: string): unknown => parseJsonFile(readFileSync(join(data, name), 'utf8'), name)
  const guidelines = readAbcdGuidelines({
    ...{ guidelines: file('abcd_guidelines.json'), kb: file('abcd_kb.json'), ontology: file('abcd_ontology.json') },
  })
    .filter(({ flow }) => flow?.ordered === true)
    .toSorted((one, other) => guidelineText(one).length - guidelineText(other).length)
    .slice(0, LEARNT + UNSEEN)
  // Every fourth one is unseen, so that both sets have short and long ones.
  const unseen = guidelines.filter((_, at) => at % 4 === 3)
  const study = await studyNextActions({
    ...{ runtime: await loadOnnxRuntime(), guidelines: guidelines.filter((one) => !unseen.includes(one)), unseen },
    real: readAbcdDialogues(file('abcd_sample_3_dialogues.json')),
    ...{ shape: { ...FLOW_SHAPE, maxLength: 768 }, vocabularySize: 2000, formSteps: 60, steps: 400, batch: 8, seed: 1 },
    onProgress,
  })
  const { rows, pairs } = study
  writeFileSync(join(out, 'next-actions.json'), `${JSON.stringify({ rows, pairs }, null, 2)}\n`)
  return [
    `Next action under ABCD guidelines, IPO on ${pairs} pairs by rule (exact 95 % intervals):`,
    ...rows.map(({ set, chance, before, after }) => {
      const range =
        after.interval === null ? '' : `${after.interval.low.toFixed(2)} to ${after.interval.high.toFixed(2)}`
      return `  ${set.padEnd(20)} by chance ${chance.toFixed(2)}, before ${before.rate.toFixed(2)}, after ${after.rate.toFixed(2)} (${range}, ${after.rows} places)`
    }),
  ]
}
