/** Places in wire objects where a test can plant a word, and the check that an answer agrees with itself. */
import type { Event, Wire } from './support.ts'

export type Path = readonly (string | number)[]

/** Where a word can be planted. */
export interface Place {
  readonly path: Path
  /** At a string, it is appended to it or stands in its place; at an object, it becomes a key. */
  readonly kind: 'append' | 'replace' | 'key'
}

/** Media are judged by the policy's rule for them and not as text: a word in base64 is none. */
const MEDIA: ReadonlySet<unknown> = new Set(['image_url', 'partial_image_b64', 'result'])

/** Whether a medium stands there. @param holder the object around it */
export function isMedium(path: Path, holder: Wire): boolean {
  const key = path.at(-1)
  if (key === 'result') return holder['type'] === 'image_generation_call'
  if (key === 'url') return holder['type'] === 'image'
  return MEDIA.has(key)
}

/** Every place in a wire object. */
export function placesIn(root: unknown): readonly Place[] {
  const places: Place[] = []
  const visit = (value: unknown, path: Path, holder: Wire): void => {
    if (typeof value === 'string') {
      if (!isMedium(path, holder)) places.push({ path, kind: 'append' }, { path, kind: 'replace' })
    } else if (Array.isArray(value)) value.forEach((item, index) => visit(item, [...path, index], holder))
    else if (typeof value === 'object' && value !== null) {
      if (path.length > 0) places.push({ path, kind: 'key' })
      for (const [key, item] of Object.entries(value)) visit(item, [...path, key], value as Wire)
    }
  }
  visit(root, [], {})
  return places
}

/** One of them, chosen by a number. */
export function pick<T>(items: readonly T[], choice: number): T {
  const item = items[choice % items.length]
  if (item === undefined) throw new Error('There is nothing to choose from.')
  return item
}

/** A copy with the word in it. */
export function planted<T>(root: T, { path, kind }: Place, word: string): T {
  const copy = structuredClone(root)
  let holder = copy as Record<string | number, unknown>
  for (const key of kind === 'key' ? path : path.slice(0, -1)) {
    holder = holder[key] as Record<string | number, unknown>
  }
  const last = path.at(-1) ?? ''
  if (kind === 'key') holder[word] = 'x'
  else holder[last] = kind === 'append' ? `${String(holder[last])} ${word}` : word
  return copy
}

interface TextEvents {
  readonly delta: string
  readonly done: string
  /** Field of the done event, and path of the text in the item. */
  readonly field: string
  readonly place: (event: Event) => Path
}

const TEXTS: readonly TextEvents[] = [
  text('response.output_text', 'text', ({ content_index }) => ['content', index(content_index), 'text']),
  text('response.refusal', 'refusal', ({ content_index }) => ['content', index(content_index), 'refusal']),
  text('response.reasoning_text', 'text', ({ content_index }) => ['content', index(content_index), 'text']),
  text('response.reasoning_summary_text', 'text', ({ summary_index }) => ['summary', index(summary_index), 'text']),
  text('response.function_call_arguments', 'arguments', () => ['arguments']),
  text('response.mcp_call_arguments', 'arguments', () => ['arguments']),
  text('response.custom_tool_call_input', 'input', () => ['input']),
  text('response.code_interpreter_call_code', 'code', () => ['code']),
]

function text(type: string, field: string, place: TextEvents['place']): TextEvents {
  return { delta: `${type}.delta`, done: `${type}.done`, field, place }
}

function index(value: unknown): number {
  return value as number
}

function at(root: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, key) => (value as Wire | undefined)?.[key], root)
}

/** Says where an answer contradicts itself, or null. Every text is compared with its pieces and with every copy of it. */
export function contradiction(events: readonly Event[]): string | null {
  const final = events.at(-1)?.['response'] as Wire
  for (const [position, event] of events.entries()) {
    if (event.sequence_number !== (events[0]?.sequence_number ?? 0) + position) return `number of event ${position}`
  }
  const texts = new Map<string, string>()
  for (const event of events) {
    const kind = TEXTS.find(({ delta, done }) => event.type === delta || event.type === done)
    if (kind === undefined) continue
    const path = ['output', index(event['output_index']), ...kind.place(event)]
    const name = path.join('.')
    if (event.type === kind.delta) {
      texts.set(name, (texts.get(name) ?? '') + String(event['delta']))
      continue
    }
    const shown = texts.get(name)
    // Servers may tell a text in one piece, at its end.
    if (shown === undefined) continue
    if (event[kind.field] !== shown) return `${event.type} of ${name}`
    const item = events.find(
      ({ type, output_index }) => type === 'response.output_item.done' && output_index === event['output_index'],
    )
    if (at({ output: { [index(event['output_index'])]: item?.['item'] } }, path) !== shown) return `item of ${name}`
    if (at(final, path) !== shown) return `response of ${name}`
  }
  const items = (final['output'] ?? []) as readonly unknown[]
  for (const event of events) {
    if (event.type !== 'response.output_item.done') continue
    if (JSON.stringify(items[index(event['output_index'])]) !== JSON.stringify(event['item']))
      return `item ${String(event['output_index'])}`
  }
  return null
}
