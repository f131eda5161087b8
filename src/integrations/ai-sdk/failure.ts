/** What a turn that did not end well looks like to the AI SDK: what is thrown is decided by `conversation/stream-failure.ts`. */
import { ParapetError } from '../../spec/index.ts'
import type { Failure } from '../conversation/stream-failure.ts'
import type { GuardOptions } from './types.ts'

/** For an answer that is not of the form its interface describes. */
export function malformed(): ParapetError {
  return new ParapetError('upstream_error', 'The model sent something that is not of the form its interface describes.')
}

/** The words for a block under `onBlock: 'finish'`; null when it is to be thrown. */
export function blockMessage({ blocked, error, result }: Failure, options: GuardOptions): string | null {
  if (!blocked || options.onBlock !== 'finish') return null
  const { message } = options
  if (message !== undefined) return typeof message === 'string' ? message : message(result)
  return error instanceof Error ? error.message : 'The content was stopped by the policy.'
}
