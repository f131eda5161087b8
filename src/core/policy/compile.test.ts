import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import type { Action, ActionRule, Policy, ScopePolicy } from '../../spec/index.ts'
import { PolicyError, SEVERITY } from '../../spec/index.ts'
import { compilePolicy } from './index.ts'

const policy = (settings: Partial<Policy>): Policy => ({ parapet: 1, ...settings })
const hardPii = { pii: { action: 'block', hard: true } } as const

function issuesOf(settings: Partial<Policy>): readonly string[] {
  try {
    compilePolicy(policy(settings))
    return []
  } catch (cause) {
    if (!(cause instanceof PolicyError)) throw cause
    return cause.issues.map(({ key }) => key)
  }
}

function ruleOf(settings: Partial<Policy>, label: string, user?: string) {
  const effective = compilePolicy(policy(settings)).scope(user === undefined ? {} : { user })
  return effective.rails.input[0]?.rule(label)
}

describe('rules by label', () => {
  const rails = { input: ['g'] }

  test('the longest dotted prefix wins, and fields left out come from the next shorter one', () => {
    const actions = { pii: { action: 'block', threshold: 0.4 }, 'pii.email': { action: 'flag' } } as const
    expect(ruleOf({ rails, actions }, 'pii.email.work')).toEqual({ threshold: 0.4, action: 'flag', hard: false })
    expect(ruleOf({ rails, actions }, 'pii.card')).toEqual({ threshold: 0.4, action: 'block', hard: false })
    expect(ruleOf({ rails, actions }, 'piiother')).toEqual({ threshold: 0.5, action: null, hard: false })
  })

  test('labels that every object has are no rules', () => {
    expect(ruleOf({ rails, actions: {} }, 'constructor')).toEqual({ threshold: 0.5, action: null, hard: false })
    expect(
      compilePolicy(policy({ scopes: { users: {} } })).scope({ user: 'toString', application: '__proto__' }),
    ).toBeDefined()
  })

  test('a special label without an action stays under the hard rule above it', () => {
    const scopes = { users: { mia: { actions: { 'pii.email': { threshold: 0.4 } } } } }
    expect(ruleOf({ rails, actions: hardPii, scopes }, 'pii.email', 'mia')).toEqual({
      threshold: 0.4,
      action: 'block',
      hard: true,
    })
  })

  test('a general rule of a rail does not overrule a hard special one', () => {
    const own = { input: [{ guard: 'g', actions: { pii: { action: 'flag' } } }] } as const
    expect(ruleOf({ rails: own, actions: { 'pii.email': hardPii.pii } }, 'pii.email')?.action).toBe('block')
  })

  test('a hard rule of a scope overrules softer words of the policy and its rails', () => {
    const scopes = { organisation: { actions: hardPii } }
    const own = { input: [{ guard: 'g', actions: { pii: { action: 'flag' } } }] } as const
    expect(ruleOf({ rails: own, scopes }, 'pii')?.action).toBe('block')
    expect(ruleOf({ rails, actions: { 'pii.email': { action: 'flag' } }, scopes }, 'pii.email')?.action).toBe('block')
  })

  test('a scope that lists a guard again keeps what the rail said of it', () => {
    const own = { input: [{ guard: 'g', onError: 'block', actions: hardPii }] } as const
    const scopes = { users: { mia: { rails: { input: ['g'] } } } }
    expect(ruleOf({ rails: own, scopes }, 'pii', 'mia')).toEqual({ threshold: 0.5, action: 'block', hard: true })
    const effective = compilePolicy(policy({ onError: 'pass', rails: own, scopes })).scope({ user: 'mia' })
    expect(effective.rails.input[0]?.onError).toBe('block')
  })

  test('what the policy says of a hard finding is not loosened by scopes', () => {
    const scopes = { users: { mia: { actions: { rule: { action: 'flag', threshold: 0.9 } } } } } as const
    const entry = compilePolicy(policy({ rails, scopes })).scope({ user: 'mia' }).rails.input[0]
    expect(entry?.rule('rule.a')).toEqual({ threshold: 0.9, action: 'flag', hard: false })
    expect(entry?.rule('rule.a', { hard: true, action: 'block' })).toEqual({
      threshold: 0.5,
      action: 'block',
      hard: true,
    })
  })
})

describe('loosening what is hard', () => {
  test.each<[string, Partial<Policy>, string]>([
    [
      'an action',
      { actions: hardPii, scopes: { organisation: { actions: { pii: { action: 'flag' } } } } },
      'scopes.organisation.actions.pii.action',
    ],
    [
      'a threshold',
      { actions: hardPii, scopes: { users: { a: { actions: { 'pii.email': { threshold: 0.9 } } } } } },
      'scopes.users.a.actions.pii.email.threshold',
    ],
    [
      'hardness itself',
      { actions: hardPii, scopes: { users: { a: { actions: { pii: { hard: false } } } } } },
      'scopes.users.a.actions.pii.hard',
    ],
    [
      'by a rail',
      { actions: hardPii, rails: { input: [{ guard: 'g', actions: { pii: { action: 'pass' } } }] } },
      'rails.input[0].actions.pii.action',
    ],
    [
      'by a scope’s rail',
      {
        actions: hardPii,
        scopes: { users: { a: { rails: { output: [{ guard: 'g', actions: { pii: { action: 'modify' } } }] } } } },
      },
      'scopes.users.a.rails.output[0].actions.pii.action',
    ],
    [
      'of a rail',
      {
        rails: { input: [{ guard: 'g', actions: hardPii }] },
        scopes: { users: { a: { rails: { input: [{ guard: 'g', actions: { pii: { action: 'flag' } } }] } } } },
      },
      'scopes.users.a.rails.input[0].actions.pii.action',
    ],
    [
      'of an application, by a user',
      {
        scopes: {
          applications: { shop: { actions: hardPii } },
          users: { a: { actions: { pii: { action: 'flag' } } } },
        },
      },
      'scopes.users.a.actions.pii.action',
    ],
    ['onError', { scopes: { organisation: { onError: 'pass' } } }, 'scopes.organisation.onError'],
    [
      'onError of a guard',
      { rails: { input: ['g'] }, scopes: { users: { a: { rails: { input: [{ guard: 'g', onError: 'pass' }] } } } } },
      'scopes.users.a.rails.input[0].onError',
    ],
    ['shadow', { scopes: { applications: { shop: { shadow: true } } } }, 'scopes.applications.shop.shadow'],
    ['stream', { scopes: { users: { a: { stream: { mode: 'after' } } } } }, 'scopes.users.a.stream'],
    ['media', { scopes: { users: { a: { media: 'pass' } } } }, 'scopes.users.a.media'],
    [
      'a hard guard',
      {
        guards: { g: { use: 'rules', hard: true } },
        rails: { input: ['g'] },
        scopes: { users: { a: { without: ['g'] } } },
      },
      'scopes.users.a.without',
    ],
    [
      'conversation, where listed',
      { hard: ['conversation'], scopes: { users: { a: { conversation: { messages: 2 } } } } },
      'scopes.users.a.conversation',
    ],
    [
      'record, where listed',
      { hard: ['record'], scopes: { users: { a: { record: { capture: 'full' } } } } },
      'scopes.users.a.record',
    ],
  ])('%s is an error with its key', (_name, settings, key) => {
    expect(issuesOf(settings)).toContain(key)
  })

  test('tightening, and loosening what is soft, is no error', () => {
    const tighter: ScopePolicy = {
      actions: { pii: { threshold: 0.2 } },
      stream: { window: 2000 },
      media: 'block',
      rails: { input: [{ guard: 'new', onError: 'pass' }] },
    }
    expect(issuesOf({ actions: hardPii, scopes: { organisation: tighter } })).toEqual([])
    expect(
      issuesOf({
        actions: { pii: { action: 'block' } },
        hard: [],
        scopes: { users: { a: { shadow: true, onError: 'pass', actions: { pii: { action: 'pass' } } } } },
      }),
    ).toEqual([])
  })

  test('a general word that a hard special rule overrules anyway is no error', () => {
    const actions = { pii: { action: 'modify' }, 'pii.iban': { action: 'block', hard: true } } as const
    const scopes = { organisation: { actions: { pii: { action: 'flag' } } } } as const
    expect(issuesOf({ actions, scopes })).toEqual([])
    expect(ruleOf({ rails: { input: ['g'] }, actions, scopes }, 'pii.iban')?.action).toBe('block')
  })
})

const label = fc.constantFrom('a', 'a.b', 'a.b.c', 'a.d', 'e')
const action = fc.constantFrom<Action>('pass', 'flag', 'modify', 'retry', 'refuse', 'hold', 'block')
const rule: fc.Arbitrary<ActionRule> = fc.record(
  { threshold: fc.constantFrom(0.2, 0.5, 0.8), action, hard: fc.constant(true) },
  { requiredKeys: [] },
)
const actions = fc.dictionary(label, rule, { maxKeys: 2 })
const entry = fc.record({ guard: fc.constant('g'), actions })
const scope: fc.Arbitrary<ScopePolicy> = fc.record(
  { actions, rails: fc.record({ input: fc.array(entry, { maxLength: 1 }) }) },
  { requiredKeys: [] },
)

describe('properties', () => {
  const severity = (value: Action | null) => SEVERITY.indexOf(value ?? 'block')

  test('a narrower scope never makes a hard label weaker', () => {
    let compiled = 0
    fc.assert(
      fc.property(actions, entry, scope, scope, scope, label, (own, guard, organisation, shop, mia, name) => {
        const scopes = { organisation, applications: { shop }, users: { mia } }
        let made
        try {
          made = compilePolicy(policy({ actions: own, rails: { input: [guard] }, scopes }))
        } catch (cause) {
          expect(cause).toBeInstanceOf(PolicyError)
          return
        }
        compiled += 1
        let before = made.scope({}).rails.input[0]?.rule(name)
        for (const caller of [{ application: 'shop' }, { application: 'shop', user: 'mia' }]) {
          const after = made.scope(caller).rails.input[0]?.rule(name)
          if (before?.hard === true) {
            expect(after?.hard).toBe(true)
            expect(after?.threshold).toBeLessThanOrEqual(before.threshold)
            expect(severity(after?.action ?? null)).toBeGreaterThanOrEqual(severity(before.action))
          }
          before = after
        }
      }),
      { numRuns: 3000 },
    )
    expect(compiled).toBeGreaterThan(100)
  })

  test('for a hard finding the decision only grows more severe', () => {
    fc.assert(
      fc.property(actions, scope, label, action, (own, mia, name, wanted) => {
        let made
        try {
          made = compilePolicy(policy({ actions: own, rails: { input: ['g'] }, scopes: { users: { mia } } }))
        } catch {
          return
        }
        const finding = { hard: true, action: wanted }
        const wide = made.scope({}).rails.input[0]?.rule(name, finding)
        const narrow = made.scope({ user: 'mia' }).rails.input[0]?.rule(name, finding)
        expect(severity(narrow?.action ?? null)).toBeGreaterThanOrEqual(severity(wide?.action ?? null))
        expect(narrow?.threshold).toBeLessThanOrEqual(wide?.threshold ?? 0)
      }),
      { numRuns: 2000 },
    )
  })

  test('the version does not depend on the order of keys, and changes with the content', () => {
    const reversed = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(reversed)
      if (typeof value !== 'object' || value === null) return value
      return Object.fromEntries(
        Object.entries(value)
          .toReversed()
          .map(([key, member]) => [key, reversed(member)]),
      )
    }
    fc.assert(
      fc.property(actions, fc.string({ maxLength: 20 }), (own, name) => {
        const made = policy({ name, actions: own, refusals: { default: 'No.' } })
        const hard = { ...made, retries: 2 }
        try {
          const { version } = compilePolicy(made)
          expect(compilePolicy(reversed(made) as Policy).version).toBe(version)
          expect(compilePolicy(hard).version).not.toBe(version)
        } catch (cause) {
          expect(cause).toBeInstanceOf(PolicyError)
        }
      }),
    )
  })
})

describe('settings', () => {
  test('every default is filled in', () => {
    const effective = compilePolicy(policy({})).scope({})
    expect(effective).toMatchObject({
      deadlines: { stage: 2000, guard: 1000 },
      conversation: { messages: 8, roles: ['user', 'assistant', 'tool'] },
      stream: { mode: 'before', window: 512 },
      record: { capture: 'none', retention: 30, mode: 'async', whenFull: 'refuse' },
      cache: { entries: 10_000, ttl: 600_000 },
      media: 'block',
      retries: 1,
      shadow: false,
      speculative: false,
    })
    expect(Object.keys(effective.refusals)).toHaveLength(13)
  })

  test('refusals of a policy replace the built-in ones', () => {
    expect(compilePolicy(policy({ refusals: { default: 'No.', de: 'Nein.' } })).scope({}).refusals).toEqual({
      default: 'No.',
      de: 'Nein.',
    })
  })

  test('scopes add guards, and take out what is not hard', () => {
    const scopes = { users: { mia: { rails: { input: ['new'] }, without: ['b'] } } }
    const { input } = compilePolicy(policy({ rails: { input: ['a', 'b'] }, scopes })).scope({ user: 'mia' }).rails
    expect(input.map(({ guard }) => guard)).toEqual(['a', 'new'])
  })

  test('a version names the scopes that apply, and scopes are resolved once', () => {
    const made = compilePolicy(policy({ scopes: { users: { mia: { retries: 2 } } } }))
    expect(made.scope({ user: 'tom' }).version).toBe(made.version)
    expect(made.scope({ user: 'mia' }).version).not.toBe(made.version)
    expect(made.scope({ user: 'mia' })).toBe(made.scope({ user: 'mia', conversation: '1' }))
  })

  test('a guard stands in a rail once', () => {
    expect(issuesOf({ rails: { input: ['a', { guard: 'a', shadow: true }] } })).toEqual(['rails.input[1]'])
  })
})
