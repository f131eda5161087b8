/**
 * Who asks, from the API key and three headers. The gateway believes the headers: a deployment in which users could set them to
 * loosen their own scope must set them in front of the gateway.
 */
import type { Caller } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'

const MAX_LENGTH = 256
const HEADERS = {
  application: 'x-parapet-application',
  user: 'x-parapet-user',
  conversation: 'x-parapet-conversation',
} as const

/**
 * @param key name of the API key used, if any
 * @param user the `user` field of a chat request, used when the header is absent
 */
export function callerOf(headers: Headers, key: string | undefined, user?: string | null): Caller {
  const named: Record<string, string> = {}
  for (const [field, header] of Object.entries(HEADERS)) {
    const value = headers.get(header)
    if (value === null || value === '') continue
    if (value.length > MAX_LENGTH) {
      throw new ParapetError('input_invalid', `The header ${header} is longer than ${MAX_LENGTH} characters.`, {
        details: { param: header },
      })
    }
    named[field] = value
  }
  return {
    ...(typeof user === 'string' && user !== '' && user.length <= MAX_LENGTH ? { user } : {}),
    ...named,
    ...(key === undefined ? {} : { key }),
  }
}
