/**
 * The shipped guard model against everything it should reach.
 *
 *   npx tsx bench/model/main.ts --data DIR [--tier fast|deep|default]... [--sections a,b] [--model FILE] [--deep FILE] [--json FILE]
 *
 * DIR holds gzipped JSON Lines in the record form. Every score is taken at the shipped threshold of 0.5; nothing is tuned here, and the
 * sets are the development ones: what was selected on them looks better on them. Whole texts go to the model; the guard's windows,
 * rules and policies take no part.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { verdictOf } from './aims.ts'
import { DevData } from './dev-data.ts'
import type { FileSection, SectionResult, TierSection } from './section.ts'
import { measureCategories } from './sections/categories.ts'
import { measureCoverage } from './sections/coverage.ts'
import { measureInjection } from './sections/injection.ts'
import { measureLanguages } from './sections/languages.ts'
import { measurePrompts } from './sections/prompts.ts'
import { measureResponses } from './sections/responses.ts'
import { measureSpans } from './sections/spans.ts'
import { measureSpeed } from './sections/speed.ts'
import { formatTable } from './table.ts'
import type { Tier } from './tiers.ts'
import { openTier, TIER_NAMES } from './tiers.ts'

const TIER_SECTIONS: Readonly<Record<string, TierSection>> = {
  prompts: measurePrompts,
  languages: measureLanguages,
  responses: measureResponses,
  injection: measureInjection,
  categories: measureCategories,
  spans: measureSpans,
}
const FILE_SECTIONS: Readonly<Record<string, FileSection>> = { coverage: measureCoverage, speed: measureSpeed }
const SECTION_NAMES = [...Object.keys(TIER_SECTIONS), ...Object.keys(FILE_SECTIONS)]

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    tier: { type: 'string', multiple: true, default: [...TIER_NAMES] },
    sections: { type: 'string', default: SECTION_NAMES.join(',') },
    model: { type: 'string' },
    deep: { type: 'string' },
    json: { type: 'string' },
  },
})
if (values.data === undefined) throw new Error('Give the folder with the development sets: --data DIR')
const sections = values.sections.split(',')
const unknown = sections.filter((name) => !SECTION_NAMES.includes(name))
if (unknown.length > 0) throw new Error(`No section ${unknown.join(', ')}. Use some of ${SECTION_NAMES.join(', ')}.`)

const data = new DevData(values.data)
const paths = {
  ...(values.model === undefined ? {} : { fast: values.model }),
  ...(values.deep === undefined ? {} : { deep: values.deep }),
}
const results: Record<string, unknown>[] = []
for (const tier of await openTiers(values.tier)) {
  print(`# Tier ${tier.name}, weights ${tier.version}`)
  for (const name of sections) {
    const measure = TIER_SECTIONS[name]
    if (measure !== undefined) report(name, await measure(tier, data), { tier: tier.name, version: tier.version })
  }
}
for (const name of sections) {
  const measure = FILE_SECTIONS[name]
  if (measure !== undefined) report(name, await measure(paths, data), {})
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`)

async function openTiers(names: readonly string[]): Promise<readonly Tier[]> {
  const tiers: Tier[] = []
  for (const asked of names) {
    const name = TIER_NAMES.find((one) => one === asked)
    if (name === undefined) throw new Error(`No tier ${asked}. Use some of ${TIER_NAMES.join(', ')}.`)
    const tier = await openTier(name, paths)
    if (tier === null) print(`Tier ${name}: absent, there is no deep model.`)
    else tiers.push(tier)
  }
  return tiers
}

function report(name: string, { tables, aims, notes, figures }: SectionResult, about: Record<string, string>): void {
  const title = about['tier'] === undefined ? name : `${name}, ${about['tier']}`
  const judged = aims.map((aim) => ({ ...aim, verdict: verdictOf(aim) }))
  const aimTable = {
    caption: 'Aims',
    head: ['aim', 'measured', 'wanted', ''],
    rows: judged.map(({ name: aim, value, target, kind, unit, verdict }) => [
      aim,
      value === null ? '–' : `${value.toFixed(unit === '%' ? 1 : 3)} ${unit}`.trimEnd(),
      `${kind} ${target} ${unit}`.trimEnd(),
      verdict,
    ]),
  }
  print(`## ${title}`)
  for (const table of aims.length === 0 ? tables : [...tables, aimTable]) print(formatTable(table))
  if (notes.length > 0) print(notes.map((note) => `- ${note}`).join('\n'))
  results.push({ section: name, ...about, aims: judged, notes, figures })
}

function print(text: string): void {
  process.stdout.write(`${text}\n\n`)
}
