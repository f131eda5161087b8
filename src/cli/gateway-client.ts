/**
 * Commands that read or change decisions do so through the running gateway, which owns the store: two processes on one data folder
 * would lose records. This file finds it and speaks to it.
 */
import { resolve } from 'node:path'
import type { ErrorBody } from '../contract/index.ts'
import { errorBodySchema } from '../contract/index.ts'
import type { ErrorCode } from '../spec/errors.ts'
import { ERROR_CODES, ParapetError } from '../spec/errors.ts'
import { usageError } from './exit.ts'
import { readGatewayFile } from './gateway-file.ts'
import type { CliIo } from './io.ts'

export interface GatewayClient {
  readonly url: string
  /** Rejects with a `ParapetError` that says what to do when there is no success. */
  send(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<Response>
  json<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<T>
}

/** `--url` and `--data-dir` of a command. */
export interface GatewayChoice {
  readonly url?: string | undefined
  readonly dataDir?: string | undefined
}

/** Finds the gateway: `--url`, else `PARAPET_URL`, else the one that runs on the data folder. */
export async function connectGateway(io: CliIo, choice: GatewayChoice): Promise<GatewayClient> {
  const named = choice.url ?? nonEmpty(io.env['PARAPET_URL'])
  const key = nonEmpty(io.env['PARAPET_OPERATOR_KEY'])
  if (named !== undefined) {
    if (!/^https?:\/\//.test(named) || !URL.canParse(named)) {
      throw usageError('the gateway must be an http or https URL, for example http://127.0.0.1:4141.')
    }
    return createClient(new URL(named).origin, key)
  }
  const dataDir = resolve(io.cwd, choice.dataDir ?? '.parapet')
  const place = await readGatewayFile(dataDir)
  if (place === null) {
    throw usageError(
      `no gateway runs on the data folder ${dataDir}. Start it with parapet serve, name the folder with --data-dir, ` +
        'or name a gateway elsewhere with --url (and its key in PARAPET_OPERATOR_KEY).',
    )
  }
  return createClient(place.url, key ?? place.token)
}

function createClient(url: string, key: string | undefined): GatewayClient {
  const send: GatewayClient['send'] = async (method, path, body) => {
    let response: Response
    try {
      response = await fetch(`${url}${path}`, {
        method,
        redirect: 'manual',
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
    } catch (cause) {
      throw new ParapetError('upstream_error', `no gateway answers at ${url}. Start it with parapet serve.`, { cause })
    }
    if (response.ok) return response
    throw await errorOf(response, url)
  }
  return {
    url,
    send,
    async json<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown) {
      return (await (await send(method, path, body)).json()) as T
    },
  }
}

async function errorOf(response: Response, url: string): Promise<ParapetError> {
  const parsed = errorBodySchema.safeParse(await response.json().catch(() => null))
  if (!parsed.success) {
    return new ParapetError(
      'upstream_error',
      `${url} answers with status ${response.status} and is no Parapet gateway.`,
    )
  }
  const { code, message }: ErrorBody['error'] = parsed.data.error
  if (code === 'unauthorized') {
    return usageError(`the gateway at ${url} asks for a key: set PARAPET_OPERATOR_KEY to one with the role operator.`)
  }
  return new ParapetError(isCode(code) ? code : 'upstream_error', message)
}

function isCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CODES, code)
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value
}
