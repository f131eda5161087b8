/** Where a router meets the rest: guidelines from a path, its engine, calls of the library's users, upstreams of the gateway. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { CallModel, ConverseRequest } from '../core/stream/index.ts'
import { routeCalls } from '../core/stream/index.ts'
import { createSteeredUpstream } from '../gateway/index.ts'
import type { Guidelines, GuidelinesInput } from '../routing/primeguard/index.ts'
import { completionModel, createPrimeGuard, defineGuidelines, parseGuidelines } from '../routing/primeguard/index.ts'
import type { Policy, PolicyIssue, Router } from '../spec/index.ts'
import { ParapetError, PolicyError } from '../spec/index.ts'
import type { JudgeEngines, JudgeEngineSettings } from './judge-engine.ts'
import { engineAt, judgeEngine } from './judge-engine.ts'
import type { Upstream } from './upstreams.ts'

/** Reads a guidelines file. Rejects with `configuration` where there is none, with a PolicyError for its mistakes. */
export async function loadGuidelines(path: string): Promise<Guidelines> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new ParapetError('configuration', `There are no guidelines at ${path}. Give the path of a YAML file.`, {
      cause,
    })
  })
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new ParapetError('configuration', `${path} is no UTF-8 text. Save it as UTF-8.`, { cause })
  }
  return parseGuidelines(text, path)
}

/** The call, routed where there is a router and the caller leaves it to us. */
export function routedCall(router: Router | null, request: ConverseRequest, callModel: CallModel): CallModel {
  return router === null || request.routed === true ? callModel : routeCalls(router, callModel)
}

/** All upstreams behind the router that is now in force, if there is one. */
export function steeredUpstreams(
  router: () => Router | null,
  upstreams: Readonly<Record<string, Upstream>>,
): Readonly<Record<string, Upstream>> {
  return Object.fromEntries(
    Object.entries(upstreams).map(([name, upstream]) => [name, createSteeredUpstream(upstream, router)]),
  )
}

/**
 * The router that a policy asks for, or null. Throws a PolicyError with the mistakes of its guidelines and of its engine, and ParapetError
 * `configuration` where the engine's key is missing.
 * @param folder where a path in the policy begins
 */
export async function policyRouter(
  { route }: Policy,
  completion: JudgeEngines['completion'],
  folder = '.',
): Promise<Router | null> {
  if (route === undefined) return null
  const { use: _use, guidelines, engine: settings, ...options } = route
  const named = settings === undefined ? undefined : engineOf(settings)
  const engine =
    named === undefined
      ? {}
      : { engine: completionModel(engineAt('route.engine', named, () => completion(named, folder))) }
  try {
    const read =
      typeof guidelines === 'string'
        ? await loadGuidelines(resolve(folder, guidelines))
        : defineGuidelines(guidelines as GuidelinesInput)
    return createPrimeGuard({ ...options, ...engine, guidelines: read })
  } catch (cause) {
    throw new PolicyError(issuesOf(cause))
  }
}

function engineOf(settings: Readonly<Record<string, unknown>>): JudgeEngineSettings {
  const key = 'route.engine'
  const parsed = judgeEngine.safeParse(settings)
  if (!parsed.success)
    throw new PolicyError(
      parsed.error.issues.map(({ path, message }) => ({
        key: [key, ...path].join('.'),
        message: 'the value is not valid',
        remedy: message,
      })),
    )
  if (!('gguf' in parsed.data) && parsed.data.api === 'completions')
    throw new PolicyError([
      {
        key: `${key}.api`,
        message: 'a router asks in the form of a chat',
        remedy: 'Write chat, or leave it out.',
      },
    ])
  return parsed.data
}

/** What is wrong with guidelines, as mistakes of the policy that names them. */
function issuesOf(cause: unknown): readonly PolicyIssue[] {
  const key = 'route.guidelines'
  if (cause instanceof PolicyError)
    return cause.issues.map(({ key: inner, message, remedy, file, line }) => {
      if (file === undefined) return { key: `${key}.${inner}`, message, remedy }
      return {
        key,
        message: `${[file, line].filter((part) => part !== undefined).join(':')} ${inner}: ${message}`,
        remedy,
      }
    })
  if (!ParapetError.isInstance(cause) || cause.code !== 'configuration') throw cause
  return [{ key, message: cause.message, remedy: 'Write the path from the folder of the policy, or the guidelines.' }]
}
