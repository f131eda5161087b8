/**
 * The two conditions under which attacks on weights start: the caller says in words that the model is theirs, and the model is a local file.
 * Nobody can check the words; they are written into the report, so that whoever ran the attack has signed for it.
 */
import { ParapetError } from '../../spec/errors.ts'

const SHORTEST = 12
const LONGEST = 2000

/**
 * The statement without white space around it. Throws `configuration` when there is none, when it is shorter than twelve characters or
 * longer than two thousand, or no plain text with words in it.
 */
export function requireOwner(statement: string | undefined): string {
  // Trimmed of what nobody sees, too: a statement of twelve zero-width characters says nothing.
  const text = (statement ?? '').replaceAll(/^[\s\p{Cf}]+|[\s\p{Cf}]+$/gu, '')
  if (text === '')
    throw new ParapetError(
      'configuration',
      'This changes the weights of a model. Say that it is yours: --owner-statement "I trained this model and may test it".',
    )
  if (text.length < SHORTEST || text.length > LONGEST)
    throw new ParapetError(
      'configuration',
      `The owner statement has ${text.length} characters. Say in a sentence of ${SHORTEST} to ${LONGEST} that the model is yours.`,
    )
  if (!/\p{L}.*\p{L}/su.test(text))
    throw new ParapetError(
      'configuration',
      'The owner statement holds no words. Say in a sentence that the model is yours.',
    )
  if (/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u.test(text.replaceAll(/\r?\n/g, ' ')))
    throw new ParapetError('configuration', 'The owner statement holds control characters. Write it as plain text.')
  return text
}

/** Throws `configuration` for an address: attacks on weights take files only, never somebody's service. */
export function requireLocal(path: string): void {
  // A single slash as well: that is what is left of an address that went through path functions.
  if (/^[a-z][a-z\d+.-]+:\/\//i.test(path) || /(?:^|[/\\])(?:https?|wss?|ftp|file|s3|gs|hf|ssh):[/\\]/i.test(path))
    throw new ParapetError(
      'configuration',
      `${path} is an address. Attacks on weights take a local checkpoint: name its folder, or demo.`,
    )
}
