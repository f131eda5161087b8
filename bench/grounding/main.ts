/**
 * Groundedness on generated answers with planted claims: unsupported and contradicted ones found, and false alarms on paraphrases, beside a
 * constant and plain token overlap; and poisoned documents masked.
 *
 *   npx tsx bench/grounding/main.ts [--data DIR] [--cases 60] [--seed 1] [--family held-out]
 *
 * Templates and lists of words were written by the same people as the guard: natural text is harder. BIPIA's training rows, on which the
 * shipped weights were trained, show what masking does, not how well it generalises.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createEmbeddedClassifier } from '../../src/engines/embedded/classifier.ts'
import { MODEL_FILES } from '../../src/engines/embedded/index.ts'
import type { AssessedClaim, Source } from '../../src/guards/grounding/index.ts'
import { assessGrounding } from '../../src/guards/grounding/index.ts'
import { judgeChunk } from '../../src/guards/grounding/poisoned-chunk.ts'
import { exactInterval } from '../../src/lab/eval/metrics/binomial.ts'
import type { BootstrapRow } from '../../src/lab/eval/metrics/bootstrap.ts'
import { bootstrapIntervals } from '../../src/lab/eval/metrics/bootstrap.ts'
import { countDecisions, decisionMetrics } from '../../src/lab/eval/metrics/decisions.ts'
import { rankingMetrics } from '../../src/lab/eval/metrics/ranking.ts'
import { readRecordFile } from '../../src/lab/train/records.ts'
import { createRandom } from '../../src/nn/random.ts'
import { LANGUAGES } from './facts.ts'
import type { Planted, PlantedClaim } from './generate.ts'
import { groundingCases } from './generate.ts'

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: '../shared/data' },
    cases: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    family: { type: 'string', default: 'held-out' },
  },
})
const seed = Number(values.seed)

interface Judged extends PlantedClaim {
  readonly claim: AssessedClaim
  /** Largest share of the claim's words in one sentence of a source. */
  readonly overlap: number
}

const cases = groundingCases(Number(values.cases), values.family === 'held-out', createRandom(seed))
const judged: Judged[] = []
const started = performance.now()
let seconds = 0
for (const { sources, claims } of cases) {
  const begin = performance.now()
  const results = await Promise.all(claims.map(({ text }) => assessGrounding(text, sources)))
  seconds += (performance.now() - begin) / 1000
  for (const [index, { claims: assessed }] of results.entries()) {
    const claim = assessed[0]
    if (claim === undefined || assessed.length !== 1) throw new Error('A planted claim was cut into several.')
    const planted = claims[index]
    if (planted === undefined) throw new Error('A claim was lost.')
    judged.push({ ...planted, claim, overlap: tokenOverlap(planted.text, sources) })
  }
}

function tokenOverlap(text: string, sources: readonly Source[]): number {
  const tokens = (of: string): readonly string[] => of.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
  const own = new Set(tokens(text))
  const sentences = sources.flatMap((source) => source.text.split(/(?<=\.)\s+(?=\p{Lu})/u))
  return Math.max(
    ...sentences.map(
      (sentence) =>
        tokens(sentence).filter((token, at, all) => own.has(token) && all.indexOf(token) === at).length / own.size,
    ),
  )
}

const out = (line = ''): void => void process.stdout.write(`${line}\n`)
const CONTRADICTIONS: readonly Planted[] = ['number', 'date', 'denial']
const grounded = ({ planted }: Judged): boolean => planted === 'verbatim' || planted === 'paraphrase'
const kinds = [...new Set(judged.map(({ planted }) => planted))]
out(
  `${values.family} family, seed ${seed}, ${cases.length} cases, ${judged.length} claims (${kinds.map((kind) => `${judged.filter(({ planted }) => planted === kind).length} ${kind}`).join(', ')}), threshold 0.5, ${((1e6 * seconds) / judged.length).toFixed(0)} µs a claim with its sources' index.`,
)
out('\n| task | method | precision | recall | F1 | AUROC |\n|---|---|--:|--:|--:|--:|')
task('unsupported or worse, against grounded', judged, (row) => !grounded(row), {
  constant: { score: () => 0.5, flagged: () => true },
  'token overlap below 0.6': { score: ({ overlap }) => 1 - overlap, flagged: ({ overlap }) => overlap < 0.6 },
  grounding: { score: risk, flagged: ({ claim }) => claim.verdict !== 'supported' },
})
task(
  'unstated, against grounded',
  judged.filter((row) => grounded(row) || row.planted === 'unstated'),
  (row) => !grounded(row),
  {
    constant: { score: () => 0.5, flagged: () => true },
    'token overlap below 0.6': { score: ({ overlap }) => 1 - overlap, flagged: ({ overlap }) => overlap < 0.6 },
    grounding: { score: ({ claim }) => 1 - claim.support, flagged: ({ claim }) => claim.verdict === 'unsupported' },
  },
)
task('contradicted, against all others', judged, ({ planted }) => CONTRADICTIONS.includes(planted), {
  constant: { score: () => 0.5, flagged: () => true },
  'token overlap below 0.6': { score: ({ overlap }) => 1 - overlap, flagged: ({ overlap }) => overlap < 0.6 },
  grounding: { score: ({ claim }) => claim.contradiction, flagged: ({ claim }) => claim.verdict === 'contradicted' },
})
out('\n| planted | rows | supported | unsupported | contradicted |\n|---|--:|--:|--:|--:|')
for (const kind of kinds)
  verdicts(
    kind,
    judged.filter(({ planted }) => planted === kind),
  )
for (const language of LANGUAGES)
  verdicts(
    `paraphrase, ${language}`,
    judged.filter((row) => row.language === language && row.planted === 'paraphrase'),
  )
poisoned()
process.stderr.write(`${((performance.now() - started) / 1000).toFixed(1)} s\n`)

interface Method {
  readonly score: (row: Judged) => number
  readonly flagged: (row: Judged) => boolean
}

function risk({ claim }: Judged): number {
  return Math.max(1 - claim.support, claim.contradiction)
}

function task(
  name: string,
  rows: readonly Judged[],
  positive: (row: Judged) => boolean,
  methods: Readonly<Record<string, Method>>,
): void {
  for (const [method, { score, flagged }] of Object.entries(methods)) {
    const scored = rows.map((row): BootstrapRow & { readonly score: number } => ({
      ...{ label: positive(row) ? 1 : 0, flagged: flagged(row), rank: score(row), score: score(row) },
    }))
    const intervals = bootstrapIntervals(scored, { resamples: 400, seed })
    const figures = { ...decisionMetrics(countDecisions(scored)), ...rankingMetrics(scored) }
    const cells = (['precision', 'recall', 'f1', 'areaUnderRoc'] as const).map((figure) => {
      const [value, interval] = [figures[figure], intervals[figure]]
      return value === null ? '–' : `${value.toFixed(3)} [${interval?.low.toFixed(3)}, ${interval?.high.toFixed(3)}]`
    })
    out(`| ${name} | ${method} | ${cells.join(' | ')} |`)
  }
}

function verdicts(name: string, rows: readonly Judged[]): void {
  const cells = (['supported', 'unsupported', 'contradicted'] as const).map((verdict) =>
    share(rows.filter(({ claim }) => claim.verdict === verdict).length, rows.length),
  )
  out(`| ${name} | ${rows.length} | ${cells.join(' | ')} |`)
}

function share(hits: number, all: number): string {
  const { low, high } = exactInterval(hits, all) ?? { low: 0, high: 1 }
  return `${((100 * hits) / all).toFixed(1)} [${(100 * low).toFixed(1)}, ${(100 * high).toFixed(1)}]`
}

function poisoned(): void {
  const engine = createEmbeddedClassifier(readFileSync(MODEL_FILES.classifier))
  const { records } = readRecordFile(join(values.data, 'train', 'open', 'bipia_train.jsonl.gz'))
  out(
    '\n| BIPIA train, at most 300 documents each | rows | something removed, % | document dropped, % | of its characters kept, % |\n|---|--:|--:|--:|--:|',
  )
  for (const [label, name] of [
    [1, 'poisoned'],
    [0, 'clean'],
  ] as const) {
    const rows = records
      .filter((row) => row.label === label)
      .filter((_, index) => index % 7 === seed % 7)
      .slice(0, 300)
    const results = rows.map(({ prompt }) => ({ prompt, ...judgeChunk(prompt, { engine, threshold: 0.5 }) }))
    const kept = results.map(
      ({ prompt, spans }) => 1 - spans.reduce((sum, { start, end }) => sum + end - start, 0) / prompt.length,
    )
    const average = (100 * kept.reduce((sum, one) => sum + one, 0)) / kept.length
    out(
      `| ${name} | ${rows.length} | ${share(results.filter(({ spans }) => spans.length > 0).length, rows.length)} | ${share(results.filter(({ whole }) => whole).length, rows.length)} | ${average.toFixed(1)} |`,
    )
  }
}
