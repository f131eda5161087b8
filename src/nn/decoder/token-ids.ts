/** Token ids that a model knows: what lies outside its vocabulary is told before a graph runs, which would only name a kernel. */
import { ParapetError } from '../../spec/errors.ts'

/** Throws `input_invalid` for an id outside the vocabulary; `what` names the sequence, as in `Prompt 3`. */
export function requireTokens(ids: readonly number[], vocabularySize: number, what: string): void {
  const wrong = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabularySize)
  if (wrong !== undefined)
    throw new ParapetError(
      'input_invalid',
      `${what} has the token ${wrong}, and the model knows ${vocabularySize} tokens. Use the tokenizer that belongs to the model.`,
    )
}
