import { describe, expect, it } from 'vitest'
import type { TrainingRecord } from '../train/records.ts'
import { generateSyntheticRows, plantIntoDocuments, summariseRows, type GenerateOptions } from './generate.ts'
import { PHRASES } from './phrases/index.ts'
import { SYNTH_LANGUAGES } from './phrases/phrases.ts'
import { countVariants } from './template.ts'

const payload = (
  task: TrainingRecord['task'],
  label: 0 | 1,
  prompt: string,
  categories: readonly string[] = [],
): TrainingRecord => ({
  task,
  lang: 'en',
  prompt,
  response: null,
  system: null,
  label,
  categories,
  source: 'owner/data:rows',
  licence: 'CC-BY-SA-4.0',
})

/** Stand-ins: no harmful text in tests. */
const PAYLOADS = [
  ...Array.from({ length: 40 }, (_, index) => payload('prompt_harm', 1, `MARKED-HARMFUL number ${index}`, ['s1'])),
  ...Array.from({ length: 40 }, (_, index) => payload('benign', 0, `calm question number ${index}`)),
  payload('injection', 0, 'A clean page.\nIt has two lines.', ['indirect']),
]

const generate = (options: Partial<GenerateOptions> = {}): readonly TrainingRecord[] => [
  ...generateSyntheticRows({ seed: 7, perLanguage: 300, ...options }),
]

describe('generateSyntheticRows', () => {
  it('gives the same rows for the same seed and other rows for another', () => {
    const options = { languages: ['en', 'hi'] as const, payloads: PAYLOADS }
    expect(generate(options)).toEqual(generate(options))
    expect(generate({ ...options, seed: 8 })[0]).not.toEqual(generate(options)[0])
  })

  it('keeps the rows of a language when another is left out', () => {
    const both = generate({ languages: ['fr', 'ja'] }).filter(({ lang }) => lang === 'ja')
    expect(generate({ languages: ['ja'] })).toEqual(both)
  })

  it('covers every language with every task and both labels', () => {
    const counts = summariseRows(generate({ payloads: PAYLOADS }))
    for (const lang of SYNTH_LANGUAGES)
      for (const task of ['prompt_harm', 'injection', 'refusal']) {
        const own = counts.filter((count) => count.lang === lang && count.task === task)
        expect(
          own.reduce((sum, { negatives }) => sum + negatives, 0),
          `${lang} ${task}`,
        ).toBeGreaterThan(0)
        expect(
          own.reduce((sum, { positives }) => sum + positives, 0),
          `${lang} ${task}`,
        ).toBeGreaterThan(0)
      }
  })

  it('writes rows in the script of the language', () => {
    const scripts = {
      zh: /\p{Script=Han}/u,
      ja: /[ぁ-んァ-ン]/u,
      ko: /\p{Script=Hangul}/u,
      ar: /\p{Script=Arabic}/u,
      hi: /\p{Script=Devanagari}/u,
      ru: /[а-я]/iu,
    }
    for (const [lang, script] of Object.entries(scripts)) {
      const rows = generate({ languages: [lang as 'zh'], generators: { 'benign-alarming': 1 }, augmentRate: 0 })
      expect(rows.filter(({ prompt }) => !script.test(prompt))).toEqual([])
    }
  })

  it('makes as many rows as were asked for, none of them twice', () => {
    const rows = generate({ perLanguage: 1000, payloads: PAYLOADS })
    const keys = new Set(rows.map(({ task, prompt, response }) => JSON.stringify([task, prompt, response])))
    expect(keys.size).toBe(rows.length)
    expect(rows.length).toBeGreaterThan(0.99 * 12 * 1000)
  })

  it('leaves no slot and no choice open', () => {
    const open = /\{(?:[a-zA-Z]+|[^{}"]*\|[^{}"]*)\}|\{\{|undefined|\u0000/
    const rows = generate({ perLanguage: 600, payloads: PAYLOADS, augmentRate: 0 })
    expect(rows.filter(({ prompt, response, system }) => open.test([prompt, response, system].join('\n')))).toEqual([])
  })

  it('makes no positives of prompt_harm without payloads', () => {
    expect(generate().filter(({ task, label }) => task === 'prompt_harm' && label === 1)).toEqual([])
  })

  it('puts harmful payloads into positives only, and positives hold nothing else', () => {
    const rows = generate({ payloads: PAYLOADS, augmentRate: 0 }).filter(({ task }) => task === 'prompt_harm')
    expect(rows.length).toBeGreaterThan(500)
    for (const { prompt, label } of rows) expect(prompt.includes('MARKED-HARMFUL')).toBe(label === 1)
  })

  it('puts every wrapper on both labels', () => {
    const rows = generate({ payloads: PAYLOADS, generators: { 'benign-wrapped': 1 }, perLanguage: 600, augmentRate: 0 })
    const wrapped = rows.filter(({ task }) => task === 'prompt_harm')
    const share = wrapped.filter(({ label }) => label === 1).length / wrapped.length
    expect(share).toBeGreaterThan(0.48)
    expect(share).toBeLessThan(0.52)
    for (const shape of ['honest', 'scene', 'jailbreak_shape']) {
      const own = wrapped.filter(({ categories }) => categories.includes(shape))
      const positives = own.filter(({ label }) => label === 1).length / own.length
      expect(Math.abs(positives - 0.5), shape).toBeLessThan(0.03)
    }
  })

  it('uses each direct carrier and each disguise on both labels', () => {
    const rows = generate({
      generators: { 'direct-injection': 1, 'indirect-injection': 1 },
      payloads: PAYLOADS,
      perLanguage: 800,
    })
    const kinds = [
      'encoding',
      'split',
      'tokens',
      'language',
      'few-shot',
      'break',
      'prefix',
      'html-comment',
      'system-tag',
      'base64',
      'json',
      'data-document',
    ]
    for (const kind of kinds) {
      const own = rows.filter(({ categories }) => categories.includes(kind))
      const positives = own.filter(({ label }) => label === 1).length / own.length
      expect(positives, kind).toBeGreaterThan(0.3)
      expect(positives, kind).toBeLessThan(0.7)
    }
  })

  it('marks injections as direct or indirect, the indirect with a trusted task', () => {
    const rows = generate().filter(({ task }) => task === 'injection')
    for (const { categories, system } of rows) {
      expect(['direct', 'indirect']).toContain(categories[0])
      expect(system === null).toBe(categories[0] === 'direct')
    }
  })

  it('names the source and keeps the licence of what a row was made from', () => {
    const rows = generate({ payloads: PAYLOADS })
    for (const { prompt, source, licence } of rows) {
      expect(source.startsWith('parapet/lab:synth/')).toBe(true)
      expect(licence).toBe(source.includes(' < ') ? 'CC-BY-SA-4.0' : 'Apache-2.0')
      if (prompt.includes('MARKED-HARMFUL')) expect(source).toContain('owner/data:rows')
    }
  })

  it('has enough frames and texts in every language', () => {
    for (const lang of SYNTH_LANGUAGES) {
      const { dangers, alarming, everyday, slots } = PHRASES[lang]
      const frames = [...dangers, ...alarming, ...everyday]
      expect(frames.length, lang).toBeGreaterThanOrEqual(60)
      expect(slots['danger']?.length, lang).toBeGreaterThanOrEqual(25)
      const texts = frames.reduce((sum, frame) => sum + countVariants(frame, slots), 0)
      expect(texts, lang).toBeGreaterThan(3000)
    }
  })
})

describe('plantIntoDocuments', () => {
  it('makes one row of each label from every document, with the same words around', () => {
    const documents = ['en', 'de', 'xx'].map((lang) => ({
      ...payload('injection', 0, 'Line one.\nLine two.', ['indirect']),
      lang,
    }))
    const rows = [...plantIntoDocuments(documents, 4)]
    expect(rows.map(({ label, lang }) => `${lang}${label}`)).toEqual(['en1', 'en0', 'de1', 'de0'])
    for (const { prompt } of rows) {
      expect(prompt).toContain('Line one.')
      expect(prompt).toContain('Line two.')
    }
    for (const { prompt, label } of rows) if (label === 1) expect(prompt).not.toBe('Line one.\nLine two.')
  })
})
