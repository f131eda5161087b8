/**
 * Who asks: what the API key fixes, else three headers, else the request's `user`. Headers are believed, so a key whose holder
 * should not choose a scope must fix the application.
 */
import type { Caller } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import type { Access } from '../keys/key-ring.ts'

const MAX_LENGTH = 256
const HEADERS = {
  application: 'x-parapet-application',
  user: 'x-parapet-user',
  conversation: 'x-parapet-conversation',
} as const

/** @param user the `user` field of the request, used when neither key nor header names one */
export function callerOf(
  header: (name: string) => string | undefined,
  { key, definition }: Access,
  user?: string,
): Caller {
  const named: Record<string, string> = {}
  for (const [field, name] of Object.entries(HEADERS)) {
    const value = header(name)
    if (value === undefined || value === '') continue
    if (value.length > MAX_LENGTH) {
      throw new ParapetError('input_invalid', `The header ${name} is longer than ${MAX_LENGTH} characters.`, {
        details: { param: name },
      })
    }
    named[field] = value
  }
  return {
    ...(user !== undefined && user !== '' && user.length <= MAX_LENGTH ? { user } : {}),
    ...named,
    ...(definition?.application === undefined ? {} : { application: definition.application }),
    ...(definition?.user === undefined ? {} : { user: definition.user }),
    ...(key === null ? {} : { key }),
  }
}
