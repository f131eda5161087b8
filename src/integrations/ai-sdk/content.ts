/**
 * A whole answer as the stream it could have been, and back: so that both are judged by the same code. Only fields named here are
 * handed on.
 */
import { malformed } from './failure.ts'
import type { AnyContent, AnyGenerateResult, AnyStreamPart, Metadata, PartOf } from './provider-types.ts'

/** The answer as parts, up to its end. */
export function* contentParts(result: AnyGenerateResult): Generator<AnyStreamPart> {
  if (!Array.isArray(result?.content)) throw malformed()
  yield { type: 'stream-start', warnings: result.warnings } as AnyStreamPart
  const { id, modelId, timestamp } = result.response ?? {}
  yield { type: 'response-metadata', id, modelId, timestamp } as AnyStreamPart
  for (const [index, content] of result.content.entries()) yield* partsOf(content, String(index))
  const { finishReason, usage, providerMetadata } = result
  yield { type: 'finish', finishReason, usage, providerMetadata } as AnyStreamPart
}

function* partsOf(content: AnyContent, id: string): Generator<AnyStreamPart> {
  if (typeof content !== 'object' || content === null) throw malformed()
  switch (content.type) {
    case 'text':
    case 'reasoning': {
      const { type, text, providerMetadata } = content
      const citations = 'citations' in content ? { citations: content.citations } : {}
      yield { type: `${type}-start`, id, providerMetadata } as AnyStreamPart
      yield { type: `${type}-delta`, id, delta: text }
      yield { type: `${type}-end`, id, ...citations }
      return
    }
    case 'file':
    case 'reasoning-file':
    case 'source':
    case 'tool-call':
    case 'tool-result':
    case 'tool-approval-request':
    case 'custom':
      yield content
      return
    default:
      // A kind of content nobody here knows is left out.
      content satisfies never
  }
}

/** What is collected of a guarded answer. */
export interface CollectedAnswer {
  readonly content: readonly AnyContent[]
  readonly start: PartOf<'stream-start'> | null
  readonly response: PartOf<'response-metadata'> | null
  readonly finish: PartOf<'finish'> | null
}

/** Puts guarded parts together again. */
export function collectContent(parts: readonly AnyStreamPart[]): CollectedAnswer {
  const content: AnyContent[] = []
  const blocks = new Map<string, { text: string; providerMetadata?: Metadata }>()
  let start: CollectedAnswer['start'] = null
  let response: CollectedAnswer['response'] = null
  let finish: CollectedAnswer['finish'] = null
  for (const part of parts) {
    switch (part.type) {
      case 'text-start':
      case 'reasoning-start': {
        const block = { type: part.type === 'text-start' ? 'text' : 'reasoning', text: '', ...metadata(part) } as const
        blocks.set(part.id, block)
        content.push(block)
        break
      }
      case 'text-delta':
      case 'reasoning-delta': {
        const block = blocks.get(part.id)
        if (block !== undefined) block.text += part.delta
        break
      }
      case 'text-end':
      case 'reasoning-end':
        Object.assign(blocks.get(part.id) ?? {}, 'citations' in part ? { citations: part.citations } : {})
        break
      case 'file':
      case 'reasoning-file':
      case 'source':
      case 'tool-call':
      case 'tool-result':
      case 'tool-approval-request':
      case 'custom':
        content.push(part)
        break
      case 'stream-start':
        start = part
        break
      case 'response-metadata':
        response = part
        break
      case 'finish':
        finish = part
        break
      case 'tool-input-start':
      case 'tool-input-delta':
      case 'tool-input-end':
      case 'ping':
      case 'raw':
      case 'error':
        break
      default:
        part satisfies never
    }
  }
  return { content, start, response, finish }
}

function metadata(part: { readonly providerMetadata?: unknown }): object {
  return part.providerMetadata === undefined ? {} : { providerMetadata: part.providerMetadata }
}
