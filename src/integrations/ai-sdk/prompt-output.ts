/**
 * Results of tools in a prompt, in each of the forms the provider interfaces know, as texts and media, and back.
 */
import { readFile } from '../conversation/file-data.ts'
import type { Draft, Draughtsman, Write } from './prompt-draft.ts'
import { change, unreadable } from './prompt-draft.ts'
import type { AnyMessagePart, AnyToolOutput, AnyToolOutputPart } from './provider-types.ts'
import { jsonText } from '../conversation/words.ts'

type ToolResult = Extract<AnyMessagePart, { type: 'tool-result' }>

export function translateOutput(part: ToolResult, index: number, into: Draughtsman): void {
  const output: AnyToolOutput = part.output
  const replace = (draft: Draft, next: object): void => change(draft, index, { output: next })
  if ('providerOptions' in output) {
    into.aside(output.providerOptions, (draft) => {
      replace(draft, withoutOptions(outputIn(draft, index)))
    })
  }
  switch (output.type) {
    case 'text':
    case 'error-text':
      into.text(output.value, (draft, value) => replace(draft, { ...outputIn(draft, index), value }))
      return
    case 'json':
    case 'error-json': {
      const plain = output.type === 'json' ? 'text' : 'error-text'
      const { text, blob, parse } = jsonText(output.value)
      if (blob) into.medium(unreadable())
      into.text(text, (draft, changed) => {
        const value = parse(changed)
        const form = value === undefined ? { type: plain, value: changed } : { value }
        replace(draft, { ...outputIn(draft, index), ...form })
      })
      return
    }
    case 'execution-denied':
      into.text(output.reason ?? '', (draft, reason) => replace(draft, { ...outputIn(draft, index), reason }))
      return
    case 'content':
      output.value.forEach((item: AnyToolOutputPart, position: number) =>
        translateItem(item, into, (draft, next) => {
          const current = outputIn(draft, index)
          const value = [...(current['value'] as readonly object[])]
          value[position] = next(value[position] ?? {})
          replace(draft, { ...current, value })
        }),
      )
      return
    default: {
      output satisfies never
      into.text(jsonText(output).text, (draft, value) => replace(draft, { type: 'text', value }))
      into.medium(unreadable())
    }
  }
}

function outputIn(draft: Draft, index: number): Record<string, unknown> {
  return ((draft.content as unknown[])[index] as { readonly output: Record<string, unknown> }).output
}

function translateItem(
  item: AnyToolOutputPart,
  into: Draughtsman,
  update: (draft: Draft, next: (item: object) => object) => void,
): void {
  const set =
    (key: string): Write =>
    (draft, text) =>
      update(draft, (current) => ({ ...current, [key]: text }))
  const instead: Write = (draft, text) => update(draft, () => ({ type: 'text', text }))
  if ('providerOptions' in item) into.aside(item.providerOptions, (draft) => update(draft, withoutOptions))
  if ('filename' in item) into.text(item.filename ?? '', set('filename'))
  switch (item.type) {
    case 'text':
      into.text(item.text, set('text'))
      return
    case 'media':
    case 'file-data':
    case 'image-data':
    case 'file': {
      into.name(item.mediaType, set('mediaType'))
      const file = readFile(item.data, item.mediaType)
      if (file.kind === 'text')
        into.text(file.text, (draft, text) => update(draft, (current) => ({ ...current, data: file.write(text) })))
      else into.medium(file.part, instead)
      return
    }
    case 'file-url':
      into.name(item.mediaType, set('mediaType'))
      into.medium({ type: 'media', mediaType: item.mediaType ?? 'application/octet-stream', source: item.url }, instead)
      return
    case 'image-url':
      into.medium({ type: 'media', mediaType: 'image/*', source: item.url }, instead)
      return
    case 'file-id':
    case 'image-file-id':
      into.medium(unreadable())
      return
    case 'custom':
      return
    default: {
      item satisfies never
      into.text(jsonText(item).text, instead)
      into.medium(unreadable())
    }
  }
}

function withoutOptions(item: object): object {
  return Object.fromEntries(Object.entries(item).filter(([key]) => key !== 'providerOptions'))
}
