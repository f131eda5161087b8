/**
 * What a model answered, gathered for the record while it is guarded: text, reasoning and tool calls of every choice, as they came.
 * Bounded, because a stream is not.
 */
import type { AnswerMessage, StreamPart } from '../../spec/index.ts'

/** Characters gathered; somewhat more than a record keeps, so that what is cut is seen to be cut. */
const LONGEST = 320_000
const MOST_CALLS = 256

interface Gathered {
  text: string
  reasoning: string
  readonly calls: Map<string, { name: string; input: string }>
}

export class Transcript {
  readonly #choices = new Map<number, Gathered>()
  #room = LONGEST

  take(part: StreamPart): void {
    if (part.type === 'finish' || part.type === 'other' || part.type === 'file' || this.#room <= 0) return
    const choice = this.#choice(part.choice ?? 0)
    this.#room -= part.text.length
    switch (part.type) {
      case 'text':
        choice.text += part.text
        return
      case 'reasoning':
        choice.reasoning += part.text
        return
      case 'tool-input': {
        const call = choice.calls.get(part.call)
        if (call === undefined) {
          if (choice.calls.size < MOST_CALLS) choice.calls.set(part.call, { name: part.tool ?? '', input: part.text })
          return
        }
        call.input += part.text
        if (part.tool !== undefined) call.name = part.tool
        return
      }
      default:
        part satisfies never
    }
  }

  answers(): readonly AnswerMessage[] {
    return [...this.#choices]
      .toSorted(([left], [right]) => left - right)
      .map(([, { text, reasoning, calls }]) => ({
        role: 'assistant',
        content: text,
        ...(reasoning === '' ? {} : { reasoning }),
        ...(calls.size === 0 ? {} : { toolCalls: [...calls].map(([id, call]) => ({ id, ...call })) }),
      }))
  }

  #choice(index: number): Gathered {
    let choice = this.#choices.get(index)
    if (choice === undefined) {
      choice = { text: '', reasoning: '', calls: new Map() }
      this.#choices.set(index, choice)
    }
    return choice
  }
}
