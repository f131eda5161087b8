/**
 * Types against the real packages of all three versions: an assignment that does not hold fails `tsc -p tsconfig.test.json`. What
 * can be looked at when it runs is looked at too.
 */
import type { LanguageModel, LanguageModelMiddleware } from 'ai'
import { wrapLanguageModel } from 'ai'
import { MockLanguageModelV3 } from 'ai/test'
import type { LanguageModelV2, LanguageModelV2Middleware } from 'ai-sdk-provider-v2'
import type { LanguageModelV3, LanguageModelV3Middleware } from 'ai-sdk-provider-v3'
import type { LanguageModelV4, LanguageModelV4Middleware } from 'ai-sdk-provider-v4'
import { expect, test } from 'vitest'
import type { Parapet } from '../../compose/index.ts'
import type { TurnGuard } from './index.ts'
import { guardMiddleware, guardModel } from './index.ts'

/** As `ai` 7 has it; that package does not run here. */
type MiddlewareOfSdk7 = Omit<LanguageModelV4Middleware, 'specificationVersion'> & {
  readonly specificationVersion?: string
}

const guard: TurnGuard = {
  converse: () => {
    throw new Error('not called')
  },
}
const common = {
  provider: 'p',
  modelId: 'm',
  supportedUrls: {},
  doGenerate: () => Promise.reject(new Error('not called')),
  doStream: () => Promise.reject(new Error('not called')),
}
const v2: LanguageModelV2 = { specificationVersion: 'v2', ...common }
const v3: LanguageModelV3 = { specificationVersion: 'v3', ...common }
const v4: LanguageModelV4 = { specificationVersion: 'v4', ...common }

test('a guarded model is a model of the same version', () => {
  const two: LanguageModelV2 = guardModel(v2, guard)
  const three: LanguageModelV3 = guardModel(v3, guard)
  const four: LanguageModelV4 = guardModel(v4, guard)
  const any: LanguageModelV2 | LanguageModelV3 = guardModel(v3 as LanguageModelV2 | LanguageModelV3, guard)
  const forSdk6: LanguageModel = guardModel(new MockLanguageModelV3(), guard)
  expect([two, three, four, any].map(({ specificationVersion }) => specificationVersion)).toEqual([
    'v2',
    'v3',
    'v4',
    'v3',
  ])
  expect(forSdk6).toMatchObject({ provider: 'mock-provider', modelId: 'mock-model-id' })
})

test('a middleware fits every version’s type', () => {
  const two: LanguageModelV2Middleware = guardMiddleware(guard)
  const three: LanguageModelV3Middleware = guardMiddleware(guard)
  const four: LanguageModelV4Middleware = guardMiddleware(guard, { specificationVersion: 'v4' })
  const sdk6: LanguageModelMiddleware = guardMiddleware(guard)
  const sdk7: MiddlewareOfSdk7 = guardMiddleware(guard)
  expect([two, three, sdk6, sdk7].every((middleware) => middleware.wrapStream !== undefined)).toBe(true)
  expect(four.specificationVersion).toBe('v4')
  const wrapped: LanguageModelV3 = wrapLanguageModel({ model: v3, middleware: guardMiddleware(guard) })
  expect(wrapped.specificationVersion).toBe('v3')
})

test('a Parapet is all that is needed', () => {
  const guardOf = (parapet: Parapet): TurnGuard => parapet
  expect(guardOf).toBeTypeOf('function')
})

test('what is no model is told so', () => {
  // @ts-expect-error a name is no model
  expect(() => guardModel('openai/gpt-5', guard)).toThrow('this is a name')
  // @ts-expect-error version 1 is not known
  expect(() => guardModel({ ...v2, specificationVersion: 'v1' }, guard)).toThrow('v2, v3 or v4')
  // @ts-expect-error nor is nothing
  expect(() => guardModel(undefined, guard)).toThrow('this is something else')
})
