/**
 * Off-topic detection measured on public sets: the general model taught without a fold of them, beside plain likeness of the same vectors,
 * and without any of them (invented text alone). The features were chosen by these very folds, so figures lean to the good side. Then harmful
 * prompts beside random scopes; time of a prompt; what runs promise of false alarms.
 *
 *   npm run bench:develop -- --data DIR [--clinc FILE] [--harmful FILE] [--seeds 1] [--part quality|latency|languages|promises]
 *     [--runtimes node,web] [--splits domain,system,all] [--false-alarms 0.05,0.1]
 *
 * DIR holds the four off-topic sets in the record form; FILEs are records too. Rows are never printed. Four folds a split.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { MODEL_FILES } from '../../src/engines/embedded/index.ts'
import { bestThreshold, cosineScore } from '../../src/lab/develop/measure/baselines.ts'
import { figuresOf } from '../../src/lab/develop/measure/figures.ts'
import { besideRandomScopes } from '../../src/lab/develop/measure/random-scopes.ts'
import { addPairs, createEncoderOfTexts, FeatureMaker, type Pair } from '../../src/lab/develop/model/encode.ts'
import { type DomainSample, publicSamples, trainGeneral } from '../../src/lab/develop/model/general.ts'
import { exactInterval, type ScoredRow } from '../../src/lab/eval/index.ts'
import { readRecordFile } from '../../src/lab/train/records.ts'
import { readGuardEncoder } from '../../src/nn/encoder/guard-encoder.ts'
import { loadOnnxRuntime } from '../../src/nn/runtime/onnx-runtime.ts'
import { type TopicModelData, topicProbability } from '../../src/nn/topic-model.ts'
import { measureLanguages } from './languages.ts'
import { measureLatencies } from './latency.ts'
import { measurePromises } from './promises.ts'
import { FOLDS, foldOf, type Split, withoutFold } from './public-folds.ts'

const { values } = parseArgs({
  options: {
    ...{ data: { type: 'string' }, clinc: { type: 'string' }, harmful: { type: 'string' } },
    ...{
      seeds: { type: 'string', default: '1' },
      part: { type: 'string' },
      runtimes: { type: 'string', default: 'node,web' },
      splits: { type: 'string', default: 'domain,system,all' },
      'false-alarms': { type: 'string', default: '0.05' },
    },
  },
})
const print = (line: string): void => void process.stdout.write(`${line}\n`)
const wants = (part: string): boolean => values.part === undefined || values.part === part
if (wants('latency')) await measureLatencies(values.runtimes.split(','), print)
if (wants('languages')) await measureLanguages(print)
if (wants('promises')) {
  const shares = values['false-alarms'].split(',').map(Number)
  await measurePromises({ seeds: Number(values.seeds), falseAlarms: shares }, print)
}
if (wants('quality') && values.data !== undefined) await measureQuality(values.data)

interface Scored extends ScoredRow {
  readonly set: string
  readonly cosine: number
}

async function measureQuality(folder: string): Promise<void> {
  const names = ['clinc', 'dstc8', 'star', 'tau_bench']
  const samples = publicSamples(names.map((name) => readRecordFile(join(folder, `${name}_offtopic.jsonl.gz`))))
  const deep = readGuardEncoder(readFileSync(fileURLToPath(MODEL_FILES.deep)), 'deep')
  const runtime = await loadOnnxRuntime()
  const encoder = createEncoderOfTexts(deep, runtime)
  await addPairs(encoder, samples)
  const wanted = (['domain', 'system', 'all'] as const).filter((split) => values.splits.split(',').includes(split))
  if (wanted.length === 0) throw new Error('Name one or more splits: --splits domain,system,all')
  const seeds = Array.from({ length: Number(values.seeds) }, (_, at) => at + 1)
  const teach = (rows: readonly DomainSample[], seed: number): Promise<TopicModelData> =>
    trainGeneral({ id: 'bench', deep, runtime, encoder, seed, public: rows })
  const score = (model: TopicModelData, pairs: readonly Pair[]): readonly number[] => {
    const maker = new FeatureMaker(encoder, model.background)
    return pairs.map((pair) => topicProbability(model, maker.of(pair)))
  }

  print(
    '| held out | set | rows | seed | AUC | cosine | errors of ranking, times fewer | F1 | F1 at the best cosine | false alarms | ECE |',
  )
  print('|---|---|---|---|---|---|---|---|---|---|---|')
  for (const seed of seeds) {
    const invented = wanted.includes('all') ? await teach([], seed) : null
    for (const split of wanted) {
      const rows: Scored[] = []
      for (let fold = 0; fold < (split === 'all' ? 1 : FOLDS); fold += 1) {
        const held = split === 'all' ? samples : samples.filter((sample) => foldOf(sample, split) === fold)
        const rest = split === 'all' ? [] : withoutFold(samples, fold, split)
        const model = split === 'all' && invented !== null ? invented : await teach(rest, seed)
        const scores = score(model, held)
        held.forEach(({ label, set, system, prompt }, at) =>
          rows.push({
            label,
            set,
            score: scores[at] ?? 0,
            cosine: cosineScore(encoder.vector(system), encoder.vector(prompt)),
          }),
        )
      }
      for (const set of [...new Set(rows.map((row) => row.set)), 'all']) table(split, set, seed, rows)
    }
    if (invented !== null) await beyond(invented, seed)
  }

  function table(split: Split | 'all', set: string, seed: number, rows: readonly Scored[]): void {
    const some = rows.filter((row) => set === 'all' || row.set === set)
    const own = figuresOf(some, { threshold: 0.5, seed })
    const cosines = some.map(({ label, cosine }) => ({ label, score: cosine }))
    // The best threshold in hindsight: more than a baseline could have.
    const plain = figuresOf(cosines, { threshold: bestThreshold(cosines), seed, calibrated: false })
    const fewer = (1 - (plain.auc ?? 0)) / (1 - (own.auc ?? 0))
    const held = { domain: 'domain', system: 'system prompt', all: 'all public rows' }[split]
    print(
      `| ${held} | ${set} | ${some.length} | ${seed} | ${shown(own.auc)} (${shown(own.intervals.auc?.low)} to ${shown(own.intervals.auc?.high)}) | ${shown(plain.auc)} | ${fewer.toFixed(2)} | ${shown(own.f1)} | ${shown(plain.f1)} | ${shown(own.falsePositiveRate)} | ${shown(own.calibrationError)} |`,
    )
  }

  /** Sets outside the folds, by a model that saw no public row. */
  async function beyond(model: TopicModelData, seed: number): Promise<void> {
    if (values.clinc !== undefined) {
      const records = readRecordFile(values.clinc).records.filter(({ system }) => system !== null)
      // Its one scope names no topic, so the intents' domains stand in for it.
      const scope = clincScope(samples)
      const pairs = records.map(({ prompt }) => ({ prompt, system: scope }))
      await addPairs(encoder, pairs)
      const scores = score(model, pairs)
      const rows = records.map(({ label }, at) => ({ label, score: scores[at] ?? 0 }))
      const own = figuresOf(rows, { threshold: 0.5, seed })
      const plain = figuresOf(
        records.map(({ label, prompt }) => ({
          label,
          score: cosineScore(encoder.vector(scope), encoder.vector(prompt)),
        })),
        { threshold: 0.5, seed, calibrated: false },
      )
      print(
        `\nCLINC out-of-scope test, ${rows.length} rows, one scope of ten domains: AUC ${shown(own.auc)} (${shown(own.intervals.auc?.low)} to ${shown(own.intervals.auc?.high)}), cosine ${shown(plain.auc)}`,
      )
    }
    if (values.harmful !== undefined) {
      const prompts = readRecordFile(values.harmful)
        .records.filter(({ task, label, prompt }) => task === 'prompt_harm' && label === 1 && prompt !== '')
        .map(({ prompt }) => prompt)
      const pairs = besideRandomScopes(prompts, [...new Set(samples.map(({ system }) => system))], seed)
      await addPairs(encoder, pairs)
      const flagged = score(model, pairs).filter((value) => value > 0.5).length
      const interval = exactInterval(flagged, pairs.length)
      print(
        `Harmful prompts beside random scopes, seed ${seed}: recall ${shown(flagged / pairs.length)} of ${pairs.length} (${shown(interval?.low)} to ${shown(interval?.high)}), threshold 0.5`,
      )
    }
  }
}

/** All domains of the set as one scope. */
function clincScope(samples: readonly DomainSample[]): string {
  const scopes = samples
    .filter(({ set }) => set === 'clinc_offtopic')
    .map(({ system }) => /\(?a[n]? ([^()]+): ([^.()]+)/.exec(system)?.[2] ?? '')
  return `You are a personal assistant. You help with ${[...new Set(scopes)].filter((one) => one !== '').join(', ')}.`
}

function shown(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : value.toFixed(3)
}
