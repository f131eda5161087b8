/**
 * Text of a token stream as it grows. A character may take several tokens; it is given only once it is complete, so the parts put
 * together are what `decode` gives for all ids at once.
 */
import type { TextTokenizer } from './tokenizer-json.ts'

export interface StreamDecoder {
  /** The text that is complete with this id; '' while a character is unfinished. */
  push(id: number): string
  /** What is left: a replacement character where the stream broke off inside a character. */
  end(): string
}

/** What decoders write for bytes that are no complete character. */
const UNFINISHED = '\uFFFD'

export function streamDecoder(
  tokenizer: Pick<TextTokenizer, 'decode'>,
  options: { readonly skipSpecial?: boolean } = {},
): StreamDecoder {
  // Two stretches of ids are kept: those given last, because decoders treat the first id of a text differently (a space goes), and
  // those that follow.
  let window: number[] = []
  let givenIds = 0
  let givenText = 0
  const rest = (text: string, end: number): string => {
    const part = text.slice(givenText, end)
    givenText += part.length
    return part
  }
  return {
    push(id) {
      window.push(id)
      const text = tokenizer.decode(window, options)
      if (text.endsWith(UNFINISHED)) return rest(text, text.length - 1)
      const part = rest(text, text.length)
      if (part !== '') {
        window = window.slice(givenIds)
        givenIds = window.length
        givenText = tokenizer.decode(window, options).length
      }
      return part
    },
    end() {
      const part = rest(tokenizer.decode(window, options), Infinity)
      window = []
      givenIds = 0
      givenText = 0
      return part
    },
  }
}
