/**
 * Blocks of a LangChain message's content: those of the standard (`text`, `reasoning`, `image`, `tool_call`, …) and those that
 * vendors' packages leave as they came (`thinking`, `tool_use`, `image_url`, …).
 */
import type { Fields, MessageReader } from '../conversation/index.ts'
import { isFields, textOf } from '../conversation/index.ts'
import type { Path } from '../conversation/places.ts'

export function readContent(content: unknown, path: Path, reader: MessageReader): void {
  if (content === undefined || content === null) return
  if (!Array.isArray(content)) {
    reader.text(content, path)
    return
  }
  content.forEach((block: unknown, index) => {
    if (isFields(block)) readBlock(block, [...path, index], reader)
    else reader.text(block, [...path, index])
  })
}

function asText(text: string): Fields {
  return { type: 'text', text }
}

function readBlock(block: Fields, path: Path, reader: MessageReader): void {
  const at = (key: string): Path => [...path, key]
  const others = (...read: readonly string[]): void => reader.others(block, path, ['type', ...read])
  const call = { id: textOf(block['id']), name: textOf(block['name']) }
  switch (block['type']) {
    case 'text':
      reader.text(block['text'] ?? '', at('text'))
      others('text')
      return
    case 'reasoning':
      reader.text(block['reasoning'] ?? '', at('reasoning'))
      others('reasoning')
      return
    case 'thinking':
      // What signs the thoughts would contradict what was changed in them.
      reader.text(block['thinking'] ?? '', path, (thinking) => ({ type: 'thinking', thinking }))
      others('thinking')
      return
    case 'tool_call':
    case 'server_tool_call':
      reader.call(call, block['args'], at('args'))
      others('args')
      return
    case 'tool_use':
    case 'server_tool_use':
      reader.call(call, block['input'], at('input'))
      others('input')
      return
    case 'tool_call_chunk':
    case 'invalid_tool_call':
      reader.text(block['args'] ?? '', at('args'))
      others('args')
      return
    case 'image_url': {
      const { image_url: image } = block
      const within = isFields(image) ? [...at('image_url'), 'url'] : at('image_url')
      reader.file({ source: isFields(image) ? image['url'] : image, mediaType: 'image/*', at: within }, path, asText)
      if (isFields(image)) reader.others(image, at('image_url'), ['url'])
      others('image_url')
      return
    }
    case 'image':
    case 'audio':
    case 'video':
    case 'file':
    case 'text-plain':
      readFileBlock(block, path, reader)
      return
    default:
      reader.json(block, path, asText)
  }
}

/** Its text, data or address, or nothing to look at; the type as far as it is told. */
function readFileBlock(block: Fields, path: Path, reader: MessageReader): void {
  const { source } = block
  const [inner, place] = isFields(source) ? [source, [...path, 'source']] : [block, path]
  const told = inner['mimeType'] ?? inner['mime_type'] ?? inner['media_type']
  const kind = String(block['type'])
  const read = ['type', ...(inner === block ? [] : ['source'])]
  // In one form of such a block the data are the text itself.
  const plain = ['text', 'data'].find((key) => isPlain(inner, key))
  const key = plain ?? ['data', 'url'].find((name) => inner[name] !== undefined)
  if (plain !== undefined) reader.text(inner[plain], [...place, plain])
  else {
    const mediaType = typeof told === 'string' ? told : (KINDS[kind] ?? `${kind}/*`)
    reader.file({ source: key === undefined ? '' : inner[key], mediaType, at: [...place, key ?? 'data'] }, path, asText)
  }
  if (inner !== block) reader.others(inner, place, ['type', key ?? ''])
  reader.others(block, path, inner === block ? [...read, key ?? ''] : read)
}

const KINDS: Readonly<Record<string, string>> = { file: 'application/octet-stream', 'text-plain': 'text/plain' }

function isPlain(inner: Fields, key: string): boolean {
  if (typeof inner[key] !== 'string' || inner[key] === '') return false
  const { type, source_type: kind = type } = inner
  return kind === 'text' || (kind === 'text-plain' && key === 'text')
}
