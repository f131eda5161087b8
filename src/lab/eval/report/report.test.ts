import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { publishedFor } from '../published.ts'
import { runEvaluation } from '../run.ts'
import type { EvaluationSet, EvaluationTask } from '../sample.ts'
import type { EvaluationRun } from '../run-format.ts'
import { html } from './markup.ts'
import { inMilliseconds, inPercent, inPoints, inProbability, intervalInPercent } from './numbers.ts'
import { renderReport } from './report.ts'

const HOSTILE = `"><script>alert(1)</script><img src=x onerror='alert(2)'>&`

function makeSet(name: string, text: string): EvaluationSet {
  return {
    name,
    task: 'prompt_harm',
    sha256: name.length.toString(16).padStart(64, '0'),
    citation: text,
    licence: text,
    purpose: 'detection',
    samples: Array.from({ length: 24 }, (_, index) => ({
      id: String(index),
      task: 'prompt_harm' as const,
      language: index % 2 === 0 ? text : 'en',
      prompt: 'the judged text',
      response: null,
      system: null,
      label: index % 3 === 0 ? (1 as const) : (0 as const),
      categories: [text],
    })),
  }
}

async function runWith(text: string): Promise<EvaluationRun> {
  const subject = (name: string, shift: number) => ({
    name,
    version: text,
    kind: 'measured' as const,
    tasks: ['prompt_harm' as const],
    predict: ({ id }: { readonly id: string }) => ({
      outcome: 'scored' as const,
      score: ((Number(id) * 7 + shift) % 24) / 24,
      positive: null,
      milliseconds: 1,
      tier: text,
    }),
  })
  const { run } = await runEvaluation({
    subjects: [subject(`one ${text}`, 0), subject(`two ${text}`, 5)],
    sets: [makeSet(`set ${text}`, text), makeSet('toxic_chat', text)],
    resamples: 100,
    startedAt: text,
  })
  return run
}

describe('the page', () => {
  test('hostile names stay text wherever they come from', async () => {
    const page = renderReport(await runWith(HOSTILE))
    expect(page).not.toContain('<script')
    expect(page).not.toContain('<img')
    expect(page).not.toContain("'alert(2)'")
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
  })

  test('any name leaves the same tags', async () => {
    const tags = (run: EvaluationRun): readonly string[] =>
      [...renderReport(run).matchAll(/<\/?[a-z][a-z0-9]*/g)].map(([tag]) => tag)
    const plain = tags(await runWith('plain'))
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 1 }), async (text) => {
        expect(tags(await runWith(`x${text}`))).toEqual(plain)
      }),
      { numRuns: 10 },
    )
  })

  test('asks for nothing from outside and runs nothing', async () => {
    const page = renderReport(await runWith('plain'))
    expect(page).not.toMatch(/\b(?:src|srcset|data|action)\s*=|url\(|@import|<link|<iframe/)
    expect([...page.matchAll(/href="([^"]*)"/g)].every(([, target]) => target?.startsWith('#'))).toBe(true)
    expect(page).toContain(`default-src 'none'`)
    expect(page).not.toContain('the judged text')
    expect(page).not.toMatch(/NaN|undefined|Infinity|\[object/)
  })

  test('every link inside has its target and every plot a title and a description', async () => {
    const page = renderReport(await runWith('plain'))
    const targets = new Set([...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id))
    const links = [...page.matchAll(/href="#([^"]*)"/g)].map(([, id]) => id)
    expect(links.length).toBeGreaterThan(5)
    expect(links.filter((id) => !targets.has(id))).toEqual([])
    const plots = [...page.matchAll(/<svg[^>]*viewBox="0 0 330[^>]*>([\s\S]*?)<\/svg>/g)]
    expect(plots.length).toBe(2 * (2 + 2 * 2))
    for (const [, plot] of plots) expect(plot).toMatch(/<title>[^<]+<\/title>\s*<desc>[^<]+<\/desc>/)
  })

  test('shows published figures beside a set of that name, marked, and warns beside every F1', async () => {
    const page = renderReport(await runWith('plain'))
    expect(page).toContain('published, not measured here')
    expect(page).toContain('GuardReasoner 8B')
    expect(page).toMatch(
      /A part:<\/strong> this set has 24 rows, 8 positive; the papers\s+measured on 2,853, 362 positive/,
    )
    expect(page).toContain('0 of 2 over-refusal sets')
    expect(page).toContain('id="comparison"')
  })
})

test('published figures follow the name and the task', () => {
  const f1 = (name: string, guard: string, task: EvaluationTask, rows: number, positives: number): readonly number[] =>
    publishedFor({ name, task, rows, positives }).figures.flatMap((one) => (one.guard === guard ? [one.f1] : []))
  expect(f1('toxic_chat', 'Llama Guard 3 8B', 'prompt_harm', 2853, 362)).toEqual([0.5312, 0.538, 0.54])
  expect(f1('guardreasoner_openaimoderation', 'WildGuard 7B', 'prompt_harm', 1680, 522)).toEqual([0.721, 0.721])
  expect(f1('harmbench_response', 'GuardReasoner 1B', 'response_harm', 602, 273)).toEqual([0.8475])
  expect(f1('duoguard_toxicchat_en', 'DuoGuard 0.5B', 'prompt_harm', 2853, 362)).toEqual([0.701])
  // Its XSTest refusal F1 equals its harm F1 in the source, so it is left out.
  expect(f1('xstest_refusal', 'WildGuard 7B', 'refusal', 449, 178)).toEqual([])
  expect(f1('duoguard_toxicchat_de', 'DuoGuard 0.5B', 'prompt_harm', 2853, 362)).toEqual([])
  expect(f1('toxic_chat', 'Llama Guard 3 8B', 'injection', 2853, 362)).toEqual([])
})

test.each([
  ['toxic_chat', 2853, 362, 'whole'],
  ['toxic_chat', 705, 90, 'part'],
  ['toxic_chat [50 of 2853]', 50, 5, 'part'],
  // More rows, other labels, or more of one label than there are: another set.
  ['toxic_chat', 2854, 362, null],
  ['toxic_chat', 2853, 361, null],
  ['toxic_chat', 600, 400, null],
  ['xstest', 300, 20, null],
  ['aegis2', 10, 5, 'unknown'],
] as const)(
  '%s with %d rows and %d positive is compared with the published one: %s',
  (name, rows, positives, extent) => {
    const match = publishedFor({ name, task: 'prompt_harm', rows, positives })
    expect(match.figures.length === 0 ? null : match.extent).toBe(extent)
  },
)

test('markup escapes what is not markup', () => {
  const inner = html`<b>${'<i>'}</b>`
  expect(html`<p title="${'"'}">${[inner, ' & ', null]}${3}</p>`.markup).toBe(
    '<p title="&quot;"><b>&lt;i&gt;</b> &amp; 3</p>',
  )
})

test('figures as they are shown', () => {
  expect([inPercent(0.8731), inPercent(null)]).toEqual(['87.3', '–'])
  expect(intervalInPercent({ low: 0.1, high: 0.25, method: 'exact' })).toBe('10.0 to 25.0')
  expect([inPoints(0.031), inPoints(-0.031), inPoints(0), inPoints(null)]).toEqual(['+3.1', '−3.1', '0.0', '–'])
  expect([inProbability(0.0004), inProbability(0.25)]).toEqual(['< 0.001', '0.250'])
  expect([inMilliseconds(0.01234), inMilliseconds(12.345), inMilliseconds(1234.5)]).toEqual(['0.0123', '12.3', '1,235'])
})
