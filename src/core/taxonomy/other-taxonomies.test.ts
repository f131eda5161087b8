/** Names of hazards in other taxonomies, against the lists those publish. */
import { expect, test } from 'vitest'
import { HAZARDS } from './hazards.ts'
import { type Taxonomy, hazardNames, hazardsNamed } from './other-taxonomies.ts'

const TAXONOMIES: readonly Taxonomy[] = ['llama_guard_3', 'openai', 'aegis', 'duoguard']
const IDS = HAZARDS.map(({ id }) => id)

test('Llama Guard 3 has every hazard under its own id', () => {
  expect(IDS.map((id) => hazardNames(id, 'llama_guard_3'))).toEqual(IDS.map((id) => [id]))
})

test('DuoGuard has a category for eleven hazards, each its own', () => {
  const names = IDS.flatMap((id) => hazardNames(id, 'duoguard'))
  expect([names.length, new Set(names).size]).toEqual([11, 11])
})

test('OpenAI names are categories of its moderation endpoint', () => {
  const published = ['harassment', 'harassment/threatening', 'hate', 'hate/threatening', 'illicit', 'illicit/violent']
  published.push('self-harm', 'self-harm/intent', 'self-harm/instructions', 'sexual', 'sexual/minors')
  published.push('violence', 'violence/graphic')
  for (const id of IDS) for (const name of hazardNames(id, 'openai')) expect(published).toContain(name)
})

test('a name leads back to its hazards, in any case', () => {
  for (const taxonomy of TAXONOMIES)
    for (const id of IDS)
      for (const name of hazardNames(id, taxonomy)) expect(hazardsNamed(name.toUpperCase(), taxonomy)).toContain(id)
  expect(hazardsNamed('Guns/Illegal Weapons', 'aegis')).toEqual(['S2', 'S9'])
  expect(hazardsNamed('Profanity', 'aegis')).toEqual([])
  expect(hazardNames('S99', 'openai')).toEqual([])
})
