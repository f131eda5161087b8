/**
 * Parts that are one content as a whole (files, sources, results of tools the provider ran): the text in them that is judged, and
 * how they are put together from what is left of it.
 */
import { isTextual } from '../../core/stream/parts.ts'
import { readFile } from '../conversation/file-data.ts'
import type { AnyStreamPart, PartOf } from './provider-types.ts'
import type { Verdicts } from './verdicts.ts'
import { metadataOf } from './verdicts.ts'
import type { JsonText } from '../conversation/words.ts'
import { jsonText } from '../conversation/words.ts'

/** One content. */
export interface Content {
  /** Values beside it that may hold words. */
  readonly beside: readonly unknown[]
  readonly metadata: unknown
  /** Its text; null for a medium. */
  readonly text: string | null
  /** A medium in it that nobody can read, for the policy to decide. */
  readonly medium: { readonly mediaType: string; readonly data: string } | null
  /** The part with another text; null when it cannot be put together any more. */
  make(text: string, verdicts: Verdicts): AnyStreamPart | null
}

const BLOB = { mediaType: 'application/octet-stream', data: '' }

export function fileContent(part: PartOf<'file' | 'reasoning-file'>): Content {
  const file = readFile(part.data, part.mediaType)
  const { type, mediaType } = part
  const metadata = metadataOf(part)
  const common = (verdicts: Verdicts): object => ({
    type,
    mediaType: verdicts.text(mediaType),
    ...verdicts.metadata(part),
  })
  if (file.kind === 'text') {
    const make = (text: string, verdicts: Verdicts): AnyStreamPart =>
      ({ ...common(verdicts), data: text === file.text ? part.data : file.write(text) }) as AnyStreamPart
    return { beside: [mediaType], metadata, text: file.text, medium: null, make }
  }
  const { part: medium, url } = file
  return {
    beside: [mediaType, url],
    metadata,
    text: null,
    // A file that claims to be text and is none is no text to judge.
    medium: { mediaType: isTextual(mediaType) ? BLOB.mediaType : mediaType, data: medium.source },
    make: (_text, verdicts) =>
      url !== undefined && verdicts.fit(url) === undefined
        ? null
        : ({ ...common(verdicts), data: part.data } as AnyStreamPart),
  }
}

/** Titles and addresses come from whoever wrote the page that was found. */
export function sourceContent(part: PartOf<'source'>): Content {
  const fields: readonly (readonly [string, string | undefined])[] =
    part.sourceType === 'url'
      ? [
          ['url', part.url],
          ['title', part.title],
        ]
      : [
          ['title', part.title],
          ['filename', part.filename],
        ]
  const given = fields.filter((field): field is readonly [string, string] => typeof field[1] === 'string')
  const text = given.map(([, value]) => value).join('\n')
  const beside = part.sourceType === 'url' ? [part.id] : [part.id, part.mediaType]
  return {
    beside,
    metadata: part.providerMetadata,
    text,
    medium: null,
    make(shown, verdicts) {
      const lines = shown === text ? given.map(([, value]) => value) : shown.split('\n')
      if (lines.length !== given.length) return null
      return {
        type: 'source',
        sourceType: part.sourceType,
        id: verdicts.text(part.id),
        ...(part.sourceType === 'url' ? {} : { mediaType: verdicts.text(part.mediaType) }),
        ...Object.fromEntries(given.map(([key], index) => [key, lines[index] ?? ''])),
        ...verdicts.metadata(part),
      } as AnyStreamPart
    },
  }
}

export function resultContent(part: PartOf<'tool-result'>): Content {
  const { toolCallId, toolName, result } = part
  const { text, blob, parse } = typeof result === 'string' ? plainText(result) : jsonText(result)
  const flags = Object.entries(part).filter(([, value]) => typeof value === 'boolean')
  return {
    beside: [toolCallId, toolName],
    metadata: part.providerMetadata,
    text,
    medium: blob ? BLOB : null,
    make: (shown, verdicts) =>
      ({
        type: 'tool-result',
        toolCallId: verdicts.text(toolCallId),
        toolName: verdicts.text(toolName),
        ...Object.fromEntries(flags),
        result: shown === text ? result : (parse(shown) ?? shown),
        ...verdicts.metadata(part),
      }) as AnyStreamPart,
  }
}

function plainText(text: string): JsonText {
  return { text, blob: false, parse: (changed) => changed }
}
