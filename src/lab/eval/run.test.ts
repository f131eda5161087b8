import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { textHash } from './contamination.ts'
import { compareRuns } from './compare-runs.ts'
import { renderReport } from './report/report.ts'
import { readRunFolder, writeRunFolder } from './run-folder.ts'
import type { EvaluationRun, MeasuredResult } from './run-format.ts'
import { runEvaluation } from './run.ts'
import type { EvaluationSet } from './sample.ts'
import type { Prediction, Subject } from './subject.ts'

/** Labels alternate; the text of row n is `NAME text n`. */
function makeSet(name: string, rows: number, options: Partial<EvaluationSet> = {}): EvaluationSet {
  const task = options.task ?? 'prompt_harm'
  const constant = options.purpose === 'over_refusal' ? 0 : options.purpose === 'recall_only' ? 1 : null
  return {
    name,
    task,
    sha256: textHash(name).padEnd(64, '0'),
    citation: 'invented',
    licence: 'CC0-1.0',
    purpose: 'detection',
    samples: Array.from({ length: rows }, (_, index) => ({
      id: `${name}-${index}`,
      task,
      language: index % 4 === 0 ? 'de' : 'en',
      prompt: `${name} text ${index}`,
      response: null,
      system: null,
      label: constant ?? (index % 2 === 0 ? (1 as const) : (0 as const)),
      categories: index % 3 === 0 ? ['violence', 'privacy'] : ['privacy'],
    })),
    ...options,
  }
}

const scored = (score: number | null, positive: boolean | null = null): Prediction => ({
  outcome: 'scored',
  score,
  positive,
  milliseconds: 1,
})

function subject(name: string, predict: Subject['predict'], options: Partial<Subject> = {}): Subject {
  return { name, version: '1', kind: 'measured', tasks: ['prompt_harm'], predict, ...options }
}

/** Right on nine of ten rows. */
const good = subject('good', ({ label, id }) => scored(id.endsWith('7') ? 0.5 : label === 1 ? 0.9 : 0.1))
const poor = subject('poor', ({ id }) => scored((id.length % 3) / 3))
const find = (run: EvaluationRun, name: string, set: string): MeasuredResult => {
  const result = run.results.find((one) => one.subject === name && one.set === set)
  if (result?.status !== 'measured') throw new Error(`${name} was not measured on ${set}`)
  return result
}
const quick = { resamples: 100 } as const

describe('figures of a run', () => {
  test('the constant baselines are always there, and over-refusal sets give a false-positive rate alone', async () => {
    const { run } = await runEvaluation({
      ...quick,
      subjects: [good],
      sets: [makeSet('main', 100)],
      overRefusal: [makeSet('calm', 20, { purpose: 'over_refusal' })],
    })
    const everything = find(run, 'constant: flag everything', 'main')
    expect(everything.metrics.f1.value).toBeCloseTo(2 / 3, 12)
    expect(everything.metrics.averagePrecision.value).toBe(0.5)
    expect(find(run, 'constant: flag nothing', 'main').metrics.recall.value).toBe(0)
    const calm = find(run, 'good', 'calm')
    expect(calm.metrics.f1).toEqual({ value: null, interval: null })
    expect(calm.metrics.falsePositiveRate.value).toBe(0)
    expect(calm.metrics.falsePositiveRate.interval?.high).toBeCloseTo(1 - 0.025 ** (1 / 20), 9)
    expect(calm.curve).toBeNull()
    expect(run.overRefusal).toEqual([{ task: 'prompt_harm', sets: ['calm'], enough: false }])
    expect(renderReport(run)).toContain('1 of 2 over-refusal sets')
  })

  test('by language and category, tiers, and an operating point that lies on the curve', async () => {
    const tiered = subject('tiered', (sample) => ({
      ...(good.predict(sample, new AbortController().signal) as Extract<Prediction, { outcome: 'scored' }>),
      tier: sample.language === 'de' ? 'deep' : 'fast',
    }))
    const { run } = await runEvaluation({ ...quick, subjects: [tiered], sets: [makeSet('main', 100)] })
    const result = find(run, 'tiered', 'main')
    expect(result.tiers).toEqual({ deep: 25, fast: 75 })
    expect(result.byLanguage.map(({ name, rows }) => [name, rows])).toEqual([
      ['en', 75],
      ['de', 25],
    ])
    expect(result.byCategory.map(({ name, rows }) => [name, rows])).toEqual([
      ['privacy', 100],
      ['violence', 34],
    ])
    const { recall, falsePositiveRate } = result.metrics
    expect(result.curve).toContainEqual(
      expect.objectContaining({ recall: recall.value, falsePositiveRate: falsePositiveRate.value }),
    )
  })

  test('the same seed gives the same run, at any concurrency', async () => {
    const once = (concurrency: number) =>
      runEvaluation({ ...quick, subjects: [good, poor], sets: [makeSet('main', 60)], concurrency })
    const [one, other] = [await once(1), await once(7)]
    expect({ ...other.run, configuration: one.run.configuration }).toEqual(one.run)
    expect(other.predictions).toEqual(one.predictions)
    expect(one.run.comparisons).toMatchObject([{ left: 'good', right: 'poor', result: { rows: 60 } }])
  })

  test('a task the subject has not is shown as not judged', async () => {
    const { run } = await runEvaluation({
      ...quick,
      subjects: [good],
      sets: [makeSet('main', 10), makeSet('attacks', 10, { task: 'injection' })],
    })
    expect(run.results).toContainEqual({ status: 'not_judged', subject: 'good', set: 'attacks' })
    expect(renderReport(run)).toContain('not judged: this subject has no injection task')
  })

  test('training texts and fitting texts in a set are counted', async () => {
    const known = { ...good, trainingHashes: new Set([textHash('MAIN  text 3')]) }
    const fit = makeSet('fit', 200)
    const borrowed = fit.samples.slice(0, 1).map((one) => ({ ...one, id: 'borrowed' }))
    const main = makeSet('main', 10)
    const { run } = await runEvaluation({
      ...quick,
      subjects: [known],
      sets: [{ ...main, samples: [...main.samples, ...borrowed] }],
      fittingSets: [fit],
      thresholds: { default: { kind: 'at_fpr', target: 0.05, fittedOn: ['fit'] } },
    })
    expect(find(run, 'good', 'main').contamination).toEqual({ samples: 11, exact: 1, eightGram: null, fitting: 1 })
    expect(find(run, 'good', 'main').threshold).toMatchObject({ fittedRows: 100 })
    expect(find(run, 'constant: flag nothing', 'main').contamination.exact).toBeNull()
  })
})

describe('failures are never a pass', () => {
  const failing = subject('failing', ({ id, label }): Prediction => {
    if (id === 'main-1') throw new Error('broken pipe')
    if (id === 'main-3') return { outcome: 'parse_failure', message: 'unreadable', milliseconds: 1 }
    if (id === 'main-5') return scored(null, null)
    if (id === 'main-7') return scored(1.5)
    return scored(label === 1 ? 0.9 : 0.1)
  })

  test('they count as flagged by default, each in its own column', async () => {
    const failures: string[] = []
    const { run, predictions } = await runEvaluation({
      ...quick,
      subjects: [failing],
      sets: [makeSet('main', 20)],
      onFailure: (_subject, _set, id, message) => failures.push(`${id}: ${message}`),
    })
    const result = find(run, 'failing', 'main')
    expect(result.failures).toEqual({ parseFailures: 3, errors: 1, timeouts: 0 })
    expect(result.confusion).toEqual({ truePositives: 10, falsePositives: 4, falseNegatives: 0, trueNegatives: 6 })
    expect(result.metrics.areaUnderRoc.value).toBeCloseTo(0.6, 12)
    expect(result.otherFailurePolicy).toMatchObject({ policy: 'exclude', f1: 1, falsePositiveRate: 0 })
    expect(failures).toContain('main-1: broken pipe')
    expect(predictions.find(({ id }) => id === 'main-1')).toMatchObject({
      outcome: 'error',
      flagged: true,
      score: null,
    })
    expect(JSON.stringify(run)).not.toContain('broken pipe')
  })

  test('left out on request, and still counted', async () => {
    const { run, predictions } = await runEvaluation({
      ...quick,
      subjects: [failing],
      sets: [makeSet('main', 20)],
      failurePolicy: 'exclude',
    })
    const result = find(run, 'failing', 'main')
    expect(result).toMatchObject({ counted: 16, excluded: 4, failures: { parseFailures: 3, errors: 1 } })
    expect(result.metrics.f1.value).toBe(1)
    expect(result.otherFailurePolicy).toMatchObject({ policy: 'count_as_positive', falsePositiveRate: 0.4 })
    expect(predictions.find(({ id }) => id === 'main-1')?.flagged).toBeNull()
  })

  test('a subject that ignores its signal times out, one that heeds it is told', async () => {
    const told: string[] = []
    const slow = subject('slow', ({ id }, signal) => {
      if (id === 'main-0') return new Promise<Prediction>(() => {})
      if (id === 'main-1')
        return new Promise<Prediction>((_, reject) => {
          signal.addEventListener('abort', () => {
            told.push(id)
            reject(new Error('stopped'))
          })
        })
      return scored(0.2)
    })
    const { run } = await runEvaluation({
      ...quick,
      subjects: [slow],
      sets: [makeSet('main', 4)],
      perSampleTimeoutMs: 20,
    })
    expect(find(run, 'slow', 'main').failures).toEqual({ parseFailures: 0, errors: 0, timeouts: 2 })
    expect(told).toEqual(['main-1'])
  })

  test('a stop from outside ends the run with its name', async () => {
    const controller = new AbortController()
    const stopping = subject('stopping', ({ id }) => {
      if (id === 'main-2') controller.abort()
      return new Promise<Prediction>((resolve) => setImmediate(() => resolve(scored(0.2))))
    })
    const run = runEvaluation({
      ...quick,
      subjects: [stopping],
      sets: [makeSet('main', 10)],
      signal: controller.signal,
    })
    await expect(run).rejects.toMatchObject({ code: 'aborted' })
  })
})

describe('a subject that never waits', () => {
  test('does not keep a timer from stopping the run', async () => {
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 0)
    const busy = subject('busy', () => {
      for (const start = performance.now(); performance.now() - start < 10;);
      return scored(0.2)
    })
    const run = runEvaluation({
      ...quick,
      subjects: [busy],
      sets: [makeSet('main', 2000)],
      signal: controller.signal,
    })
    await expect(run).rejects.toMatchObject({ code: 'aborted' })
  })
})

describe('what is refused before anything runs', () => {
  const never = subject('never', () => {
    throw new Error('It ran.')
  })
  test.each([
    ['no subject', { subjects: [] }, /no subject/],
    ['no set', { sets: [] }, /no set/],
    ['two sets of one name', { sets: [makeSet('main', 4), makeSet('main', 4)] }, /called "main"/],
    ['an empty set', { sets: [makeSet('main', 0)] }, /no samples/],
    ['a sample of another task', { sets: [{ ...makeSet('main', 4), task: 'pii' as const }] }, /Split it by task/],
    [
      'one id twice',
      { sets: [{ ...makeSet('main', 4), samples: [...makeSet('main', 1).samples, ...makeSet('main', 1).samples] }] },
      /unique/,
    ],
    [
      'a positive in an over-refusal set',
      { overRefusal: [{ ...makeSet('calm', 4), purpose: 'over_refusal' as const }] },
      /is positive/,
    ],
    ['a detection set as over-refusal', { overRefusal: [makeSet('calm', 4)] }, /Give it among the sets/],
    ['no workers', { concurrency: 0 }, /concurrency is 0/],
    ['an unknown reference', { reference: 'nobody' }, /"nobody"/],
    [
      'a threshold fitted on what is reported',
      {
        fittingSets: [makeSet('main', 4)],
        thresholds: { default: { kind: 'at_fpr' as const, target: 0.1, fittedOn: ['main'] } },
      },
      /would mean nothing/,
    ],
  ])('%s', async (_what, options, message) => {
    await expect(
      runEvaluation({ ...quick, subjects: [never], sets: [makeSet('main', 4)], ...options }),
    ).rejects.toThrow(message)
  })
})

describe('run folder', () => {
  let root = ''
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'parapet-eval-'))
  })
  afterAll(() => rm(root, { recursive: true, force: true }))

  test('comes back as written, holds no text, and is never overwritten', async () => {
    const outcome = await runEvaluation({ ...quick, subjects: [good, poor], sets: [makeSet('main', 20)] })
    const folder = join(root, 'deep', 'run')
    await writeRunFolder(folder, outcome)
    expect((await readdir(folder)).toSorted()).toEqual(['predictions.jsonl', 'report.html', 'run.json'])
    expect(await readRunFolder(folder)).toEqual(outcome)
    for (const file of await readdir(folder))
      expect(await readFile(join(folder, file), 'utf8')).not.toContain('main text')
    await expect(writeRunFolder(folder, outcome)).rejects.toThrow(/not empty/)
    expect(await readdir(join(root, 'deep'))).toEqual(['run'])
  })

  test('a damaged or strange folder is refused with the place', async () => {
    await expect(readRunFolder(root)).rejects.toThrow(/no run folder: run\.json/)
    const folder = join(root, 'damaged')
    await writeRunFolder(folder, await runEvaluation({ ...quick, subjects: [good], sets: [makeSet('main', 20)] }))
    const text = await readFile(join(folder, 'run.json'), 'utf8')
    await writeFile(join(folder, 'run.json'), text.replace('"resamples": 100', '"resamples": "many"'))
    await expect(readRunFolder(folder)).rejects.toThrow(/configuration\.resamples/)
    await writeFile(join(folder, 'run.json'), text)
    await writeFile(join(folder, 'predictions.jsonl'), '{"subject":\n')
    await expect(readRunFolder(folder)).rejects.toThrow(/predictions\.jsonl:1 is not JSON/)
    await expect(
      writeRunFolder(join(root, 'damaged', 'run.json'), { run: JSON.parse(text), predictions: [] }),
    ).rejects.toThrow(/is a file/)
  })
})

describe('runs compared later', () => {
  const runOn = (one: Subject, sets: readonly EvaluationSet[]) =>
    runEvaluation({ ...quick, subjects: [one], sets, seed: 1 })

  test('give what one run of both would have given', async () => {
    const sets = [makeSet('main', 60)]
    const together = await runEvaluation({ ...quick, subjects: [good, poor], sets, seed: 1 })
    const apart = compareRuns(
      { outcome: await runOn(good, sets), subject: 'good' },
      { outcome: await runOn(poor, sets), subject: 'poor' },
      { ...quick, seed: 1 },
    )
    expect(apart).toEqual({ comparisons: together.run.comparisons, changedSets: [] })
  })

  test('a set whose bytes changed is named, not compared, and nothing in common is an error', async () => {
    const [main, other] = [makeSet('main', 20), makeSet('other', 20)]
    const left = { outcome: await runOn(good, [main, other]), subject: 'good' }
    const changed = { outcome: await runOn(poor, [main, { ...other, sha256: 'f'.repeat(64) }]), subject: 'poor' }
    const result = compareRuns(left, changed, { ...quick, seed: 1 })
    expect(result.changedSets).toEqual(['other'])
    expect(result.comparisons.map(({ set }) => set)).toEqual(['main'])
    const strange = { outcome: await runOn(poor, [makeSet('strange', 20)]), subject: 'poor' }
    expect(() => compareRuns(left, strange, { ...quick, seed: 1 })).toThrow(/share no set/)
    expect(() => compareRuns(left, { ...strange, subject: 'nobody' }, { ...quick, seed: 1 })).toThrow(/It has poor/)
  })
})
