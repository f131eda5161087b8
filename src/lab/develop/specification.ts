/**
 * The specification of an application: what it is for, what misuse means, edge cases, languages and a few real system prompts. It is all
 * that `develop` needs to know; no traffic and no labelled data.
 */
import { readFileSync, statSync } from 'node:fs'
import { LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'
import { ParapetError } from '../../spec/errors.ts'

export interface Specification {
  /** Whose assistant it is, as it would stand in "the assistant of …". */
  readonly name: string
  readonly use: string
  readonly misuse: string
  /** What users come for. Examples are requests as users write them. */
  readonly topics: readonly { readonly name: string; readonly examples: readonly string[] }[]
  /** Requests the application must not answer. */
  readonly offTopic: readonly string[]
  /** A labelled prompt, or a note for a model that writes samples. */
  readonly edgeCases: readonly (string | EdgeCase)[]
  readonly languages: readonly string[]
  /** Real ones; a few are enough. */
  readonly systemPrompts: readonly string[]
}

export interface EdgeCase {
  readonly prompt: string
  readonly label: 'on-topic' | 'off-topic'
  readonly why?: string
}

const LONGEST = 20_000
/** Bytes of a file, at most: no description of an application is longer. */
const LARGEST = 1_000_000
const text = z.string().trim().min(1, 'Write a text here.').max(LONGEST, `Keep it below ${LONGEST} characters.`)
const labelled = z.strictObject({
  prompt: text,
  label: z.enum(['on-topic', 'off-topic'], 'Write on-topic or off-topic.'),
  why: text.exactOptional(),
})

const SPECIFICATION = z.strictObject({
  name: text,
  use: text,
  misuse: text,
  topics: z
    .array(
      z.strictObject({
        name: text,
        examples: z.array(text).min(1, 'Give at least one example.').max(500, 'Give at most 500 examples a topic.'),
      }),
    )
    .min(1, 'Give at least one topic.')
    .max(100, 'Give at most 100 topics.'),
  offTopic: z.array(text).max(500).default([]),
  edgeCases: z
    .array(z.union([text, labelled]))
    .max(500)
    .default([]),
  languages: z
    .array(z.string('Write a code such as en.').refine(isLanguage, 'Write the code of a language, such as en or de.'))
    .min(1, 'Name at least one language, such as en.')
    .max(30, 'Name at most 30 languages.')
    .refine((codes) => new Set(codes).size === codes.length, 'Name each language once.')
    .default(['en']),
  systemPrompts: z
    .array(text)
    .min(1, 'Give at least one system prompt of the application.')
    .max(50, 'Give at most 50.'),
})

function isLanguage(code: string): boolean {
  if (!/^[a-z]{2,3}(-[A-Za-z]{2,4})?$/.test(code)) return false
  return new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' }).of(code) !== undefined
}

/** Reads a YAML or JSON file. Throws `configuration` with the key, and the line where YAML is broken. */
export function readSpecification(path: string): Specification {
  let source: string
  try {
    const { size } = statSync(path)
    if (size > LARGEST)
      throw new ParapetError(
        'configuration',
        `The specification ${path} has ${size} bytes; ${LARGEST} are the most. Leave examples out: a hundred are enough.`,
      )
    source = readFileSync(path, 'utf8')
  } catch (cause) {
    if (ParapetError.isInstance(cause)) throw cause
    throw new ParapetError('configuration', `The specification ${path} cannot be read. Give the path of a YAML file.`, {
      cause,
    })
  }
  return parseSpecification(source, path)
}

/** `name` is for messages. */
export function parseSpecification(source: string, name: string): Specification {
  const lines = new LineCounter()
  const document = parseDocument(source, { lineCounter: lines })
  const [broken] = document.errors
  if (broken !== undefined) {
    const { line } = lines.linePos(broken.pos[0])
    throw new ParapetError(
      'configuration',
      `${name}, line ${line}, is not YAML: ${broken.message.split('\n')[0] ?? ''}`,
    )
  }
  const parsed = SPECIFICATION.safeParse(valueOf(document, name))
  if (parsed.success) return withOneLabelEach(parsed.data, name)
  const [issue] = parsed.error.issues
  const key = issue === undefined || issue.path.length === 0 ? 'the file' : issue.path.map(String).join('.')
  const message = issue?.code === 'unrecognized_keys' ? `has no key ${issue.keys.join(', ')}` : (issue?.message ?? '')
  throw new ParapetError('configuration', `${name}: ${key}: ${message} See docs/guides/develop.md for the keys.`)
}

/** Throws where the owner calls one prompt both on and off topic. */
function withOneLabelEach(specification: Specification, name: string): Specification {
  const same = (text: string): string => text.normalize('NFKC').toLowerCase().replaceAll(/\s+/g, ' ')
  const edges = labelledEdges(specification)
  const on = new Set(
    [
      ...specification.topics.flatMap(({ examples }) => examples),
      ...edges.flatMap(({ prompt, label }) => (label === 0 ? [prompt] : [])),
    ].map(same),
  )
  const both = [...specification.offTopic, ...edges.flatMap(({ prompt, label }) => (label === 1 ? [prompt] : []))].find(
    (prompt) => on.has(same(prompt)),
  )
  if (both === undefined) return specification
  throw new ParapetError(
    'configuration',
    `${name}: “${both.slice(0, 80)}” is both on topic and off topic. Leave one of the two out.`,
  )
}

function valueOf(document: ReturnType<typeof parseDocument>, name: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 }) as unknown
  } catch (cause) {
    throw new ParapetError('configuration', `${name} cannot be read as YAML: it refers to itself too often.`, { cause })
  }
}

/** Labelled prompts among the edge cases. */
export function labelledEdges(
  specification: Specification,
): readonly { readonly prompt: string; readonly label: 0 | 1 }[] {
  return specification.edgeCases.flatMap((edge) =>
    typeof edge === 'string' ? [] : [{ prompt: edge.prompt, label: edge.label === 'off-topic' ? 1 : 0 }],
  )
}
