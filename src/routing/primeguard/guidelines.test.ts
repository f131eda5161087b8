/** Guidelines from lists, objects and files: what is taken, and that every mistake is told with its place. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ParapetError, PolicyError } from '../../spec/index.ts'
import { defineGuidelines, refusalWords } from './guidelines.ts'
import { parseGuidelines } from './guidelines-file.ts'

const FILE = `purpose: Help with the mill.
restricted:
  - No bets
  - { id: doors, text: Never explain the silver doors }
allowed: [Opening hours]
helpful: [Answer in short sentences]
tone: friendly
contact: Write to the miller.
`

test('a file with every part', () => {
  const guidelines = parseGuidelines(FILE)
  expect(guidelines).toEqual({
    purpose: 'Help with the mill.',
    restricted: [
      { id: 'G1', text: 'No bets' },
      { id: 'doors', text: 'Never explain the silver doors' },
    ],
    allowed: ['Opening hours'],
    helpful: ['Answer in short sentences'],
    tone: 'friendly',
    contact: 'Write to the miller.',
  })
  expect(refusalWords(guidelines)).toBe('I am sorry, but I cannot help with that. Write to the miller.')
  expect(defineGuidelines(guidelines)).toEqual(guidelines)
})

test('a list is the restricted part, in a file and in code', () => {
  expect(parseGuidelines('- No bets\n- No doors\n')).toEqual(defineGuidelines(['No bets', 'No doors']))
})

describe('mistakes', () => {
  test.each([
    ['an unknown key', 'restricted: [a]\nforbidden: [b]\n', 'forbidden', 2],
    ['a list that is none', 'restricted: a\n', 'restricted', 1],
    ['an entry that is no text', 'restricted:\n  - a\n  - 7\n', 'restricted[1]', 3],
    ['an empty entry', 'restricted:\n  - a\n  - " "\n', 'restricted[1]', 3],
    ['an entry without a text', 'restricted:\n  - id: a\n', 'restricted[0].text', 2],
    ['a name twice', 'restricted:\n  - { id: a, text: x }\n  - { id: a, text: y }\n', 'restricted[1].id', 3],
    ['a name that is none', 'restricted: [{ id: "a b", text: x }]\n', 'restricted[0].id', 1],
    ['a foreign key in an entry', 'restricted: [{ id: a, text: x, weight: 1 }]\n', 'restricted[0].weight', 1],
    ['nothing restricted', 'restricted: []\n', 'restricted', 1],
    ['a purpose that is a list', 'restricted: [a]\npurpose: [b]\n', 'purpose', 2],
    ['a sentence too long', `restricted: [${'a'.repeat(1001)}]\n`, 'restricted[0]', 1],
    ['a plain text', 'no bets\n', '(guidelines)', 1],
    ['a wrong entry of a list', '- a\n- 7\n', 'restricted[1]', 2],
    ['broken YAML', 'restricted: [a\n', '(yaml)', 2],
    ['a key twice', 'restricted: [a]\nrestricted: [b]\n', '(yaml)', 2],
    ['nothing', '', '(file)', undefined],
    ['aliases', 'restricted: &a [x]\nallowed: *a\n', '(file)', undefined],
    ['a file too long', '#'.repeat(70_000), '(file)', undefined],
  ])('%s', (_what, text, key, line) => {
    expect(() => parseGuidelines(text, 'mill.yaml')).toThrow(
      expect.objectContaining({
        code: 'policy_invalid',
        issues: expect.arrayContaining([
          expect.objectContaining({ file: 'mill.yaml', key, ...(line && { line }) }),
        ]) as unknown,
      }),
    )
  })

  test('of one file are told together', () => {
    try {
      parseGuidelines('restricted: [7, ""]\ntone: 3\nx: 1\n')
      expect.unreachable()
    } catch (error) {
      expect((error as PolicyError).issues.map(({ key }) => key)).toEqual([
        'x',
        'restricted[0]',
        'restricted[1]',
        'tone',
      ])
    }
  })

  test('no text is another error than a mistake', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        try {
          expect(parseGuidelines(text).restricted.length).toBeGreaterThan(0)
        } catch (error) {
          expect(ParapetError.isInstance(error) && error.code).toBe('policy_invalid')
        }
      }),
    )
  })
})
