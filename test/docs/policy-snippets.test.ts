/**
 * Every YAML block of the guides is what it looks like: a policy is one that `parapet policy check` accepts without a mistake, a part
 * of a policy is one once it says which version it is of, and anything else is at least YAML.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { MODERATION_CATEGORIES, MODERATION_SOURCES } from '../../src/contract/index.ts'
import { checkPolicyFile } from '../../src/compose/policy-report.ts'
import { policySchema } from '../../src/compose/policy-schema.ts'
import { startImproving } from '../../src/lab/improve/index.ts'

const guides = fileURLToPath(new URL('../../docs/guides/', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'parapet-docs-'))
// The folder of versions that a guide names, with the shipped guard in it.
beforeAll(() => startImproving({ folder: join(folder, 'improve'), at: '2026-11-27T10:00:00.000Z' }), 60_000)
afterAll(() => rmSync(folder, { recursive: true }))

interface Snippet {
  readonly name: string
  readonly text: string
}

function page(name: string): string {
  return readFileSync(join(guides, name), 'utf8')
}

const snippets: readonly Snippet[] = readdirSync(guides)
  .filter((file) => file.endsWith('.md'))
  .flatMap((file) => {
    // A block inside a list is indented as a whole.
    const blocks = page(file).matchAll(/^( *)```yaml\n([\s\S]*?)^ *```$/gm)
    return [...blocks].map(({ index, 1: indent = '', 2: text = '' }) => ({
      name: `${file}:${page(file).slice(0, index).split('\n').length}`,
      text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    }))
  })

/** The policy in a snippet; null when it is something else's configuration: its first line names that file, or its keys are others. */
function policyIn({ text }: Snippet): string | null {
  if (/^#.*\.ya?ml$/.test(text.split('\n')[0] ?? '')) return null
  const value: unknown = parse(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  if ('parapet' in value) return text
  const whole = policySchema.safeParse({ parapet: 1, ...value })
  const foreign = whole.error?.issues.some((issue) => issue.code === 'unrecognized_keys' && issue.path.length === 0)
  return foreign === true ? null : `parapet: 1\n${text}`
}

const policies = snippets.flatMap((snippet) => {
  const text = policyIn(snippet)
  return text === null ? [] : [{ ...snippet, text }]
})

test('every block of the migration page is a policy, and the other guides have some', () => {
  const of = (all: readonly Snippet[]): number => all.filter(({ name }) => name.startsWith('migrating.md')).length
  expect(of(policies)).toBe(of(snippets))
  expect(of(policies)).toBeGreaterThanOrEqual(4)
  expect(policies.length - of(policies)).toBeGreaterThan(6)
})

test.each(policies)('$name is a policy without a mistake', async ({ name, text }) => {
  const file = join(folder, `${name.replace(':', '-')}.yaml`)
  writeFileSync(file, text)
  const env = { PARAPET_VAULT_KEY: Buffer.alloc(32, 1).toString('base64') }
  const { issues, notes, version } = await checkPolicyFile(file, { env })
  expect(issues).toEqual([])
  expect(version).toMatch(/^[0-9a-f]+(\+v1)?$/)
  // A label that no guard reports, or a guard in a rail where it does nothing, would be a snippet that does not do what it says.
  expect(notes.filter(({ message }) => /no shipped guard reports|does nothing at/.test(message))).toEqual([])
})

describe('the map of scanners', () => {
  /** `__all__` of `llm_guard/input_scanners` and `llm_guard/output_scanners`, 0.3.16. */
  const INPUT =
    'Anonymize BanCode BanCompetitors BanSubstrings BanTopics Code EmotionDetection Gibberish InvisibleText Language PromptInjection Regex Secrets Sentiment TokenLimit Toxicity'
  const OUTPUT =
    'BanCode BanCompetitors BanSubstrings BanTopics Bias Code Deanonymize EmotionDetection FactualConsistency Gibberish JSON Language LanguageSame MaliciousURLs NoRefusal NoRefusalLight ReadingTime Regex Relevance Sensitive Sentiment Toxicity URLReachability'

  test.each([
    ['### Input scanners', INPUT],
    ['### Output scanners', OUTPUT],
  ])('%s has a row for each', (heading, names) => {
    const section = page('migrating.md').split(heading)[1]?.split('\n##')[0] ?? ''
    const rows = [...section.matchAll(/^\| (\w+) \| (.+) \| (.+) \|$/gm)]
    expect(rows.map(([, name]) => name).filter((name) => name !== 'scanner')).toEqual(names.split(' '))
  })
})

test('the map of moderation categories is the one in the code', () => {
  const section = page('migrating.md').split('| category | score |')[1]?.split('\n\n')[0] ?? ''
  const rows = [...section.matchAll(/^\| (`.+`) \| (.+) \|$/gm)].flatMap(([, names = '', score = '']) =>
    [...names.matchAll(/`([^`]+)`/g)].map(
      ([, name = '']) => [name, [...score.matchAll(/`(\w+)`/g)].map(([, id]) => id)] as const,
    ),
  )
  expect(Object.fromEntries(rows)).toEqual(MODERATION_SOURCES)
  expect(rows.map(([name]) => name).toSorted()).toEqual([...MODERATION_CATEGORIES].toSorted())
})
