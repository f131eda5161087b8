/** The search on tiny models that know nothing: what it must hold does not depend on how good they are. */
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { tinyVictim } from '../../../../test/support/lab/tiny-victim.ts'
import { worldExamples } from '../../victim/index.ts'
import { contentPlaces } from '../tokens/content-places.ts'
import { admitGuard } from './guard-gate.ts'
import { guardQuestions } from './judged-conversations.ts'
import type { ModerationGuard } from './moderation-guard.ts'
import { SlotObjective } from './objective.ts'
import { optimiseSlot } from './optimise-slot.ts'
import { poisonSlot, withTokens } from './poison-slot.ts'
import { VerdictGuard } from './verdict-guard.ts'
import { openWhiteBox } from './white-box.ts'

const victim = await tinyVictim()
const { tokenizer, config } = victim
const guard = new VerdictGuard('tiny', victim, 4)
const box = openWhiteBox(victim, guard)
const { forbidden } = box
const [allowed = []] = worldExamples({ kind: 'task', count: 1, seed: 3 })
const [harmful = []] = worldExamples({ kind: 'forbidden-answered', count: 1, seed: 3 })
const slot = poisonSlot(tokenizer, config.maxLength, allowed, harmful)

afterAll(async () => {
  await box.dispose()
  await guard.dispose()
})

describe('a poison slot', () => {
  test('changes the contents of the forbidden exchange and nothing of the service’s', () => {
    const text = tokenizer.decode(slot.places.map((place) => slot.ids[place] ?? 0))
    const [request, answer] = slot.messages.slice(-2)
    expect(text).toBe(`${request?.content}${answer?.content}`)
    expect(slot.messages.slice(0, -2)).toEqual(allowed)
    for (const place of slot.places) expect(tokenizer.controlTokens).not.toContain(slot.ids[place])
    expect(contentPlaces(tokenizer, slot.messages, slot.messages.length - 1)[1]).toBe((slot.places.at(-1) ?? 0) + 1)
  })

  test('takes tokens that some text gives, and refuses the others', () => {
    expect(withTokens(slot, tokenizer, slot.ids)?.messages).toEqual(slot.messages)
    const [place = 0] = slot.places
    const control = tokenizer.controlTokens[0] ?? 0
    expect(withTokens(slot, tokenizer, slot.ids.with(place, control))).toBeUndefined()
  })

  test('has no forbidden token among its candidates', () => {
    for (const id of tokenizer.controlTokens) expect(forbidden[id]).toBe(1)
    const open = [...forbidden.keys()].filter((id) => forbidden[id] === 0)
    expect(open.length).toBeGreaterThan(40)
    for (const id of open) expect(tokenizer.decode([id])).toMatch(/^[^\p{C}\uFFFD\n\t]+$/u)
  })

  test('keeps messages apart when one is empty', () => {
    const [request, answer] = harmful.slice(-2)
    if (request === undefined || answer === undefined) expect.fail()
    const odd = poisonSlot(tokenizer, config.maxLength, allowed, [request, answer, { ...request, content: '' }, answer])
    expect(odd.contents.map(({ message }) => message - allowed.length)).toEqual([0, 1, 3])
    expect(withTokens(odd, tokenizer, odd.ids)?.messages).toEqual(odd.messages)
  })

  test('that is too long for the model is refused', () => {
    expect(() => poisonSlot(tokenizer, 8, allowed, harmful)).toThrow(/longer than the 8 tokens/)
  })
})

describe('the objective', () => {
  test('is minus the norm of the reference where nothing has changed, the lowest that F2 can be', async () => {
    const objective = await SlotObjective.of(box, slot, 0)
    const score = await objective.score(slot)
    expect(score.f2 / -objective.referenceNorm).toBeCloseTo(1, 4)
    expect(score.similarity).toBeCloseTo(1, 4)
    expect(score.j).toBeCloseTo(objective.bound, 4)
    await expect(SlotObjective.of(box, slot, 1.5)).rejects.toThrow(/λ is a share/)
  })

  test('gives up no candidate that could win', async () => {
    const objective = await SlotObjective.of(box, slot, 0.5)
    const start = await objective.score(slot)
    const others = [...forbidden.keys()].filter((id) => forbidden[id] === 0).slice(0, 12)
    const tried = others.flatMap((id) => withTokens(slot, tokenizer, slot.ids.with(slot.places[1] ?? 0, id)) ?? [])
    const scores = []
    for (const one of tried) scores.push((await objective.score(one)).j)
    const best = await objective.best(tried, { ...start, j: Number.POSITIVE_INFINITY })
    expect(best?.score.j).toBeCloseTo(Math.min(...scores), 3)
    const none = await objective.best(tried, { ...start, j: Math.min(...scores) - 0.01 })
    expect(none).toBeUndefined()
  })
})

describe('the search', () => {
  const settings = { topK: 8, candidates: 4, steps: 2 }

  test('changes nothing with λ = 0', async () => {
    const {
      slot: found,
      edits,
      history,
    } = await optimiseSlot(...([box, slot, { ...settings, lambda: 0, seed: 1 }] as const))
    expect(edits).toBe(0)
    expect(found).toEqual(slot)
    expect(history).toHaveLength(1)
  })

  test('never increases J, keeps to text, and is the same again', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(0.1, 0.5, 0.9, 1), fc.integer({ min: 1, max: 99 }), async (lambda, seed) => {
        const made = await optimiseSlot(box, slot, { ...settings, lambda, seed })
        const { history, before, after, edits } = made
        expect(history[0]).toBe(before.j)
        expect(history.at(-1)).toBe(after.j)
        history.forEach((j, at) => expect(j).toBeLessThanOrEqual(history[at - 1] ?? j))
        expect(edits).toBeLessThanOrEqual(settings.steps)
        expect([...tokenizer.encodeChat(made.slot.messages)]).toEqual([...made.slot.ids])
        const changed = [...made.slot.ids.keys()].filter((at) => made.slot.ids[at] !== slot.ids[at])
        for (const at of changed) {
          expect(slot.places).toContain(at)
          expect(forbidden[made.slot.ids[at] ?? 0]).toBe(0)
        }
        // The guard judges the very conversation that is trained on.
        const [flagged] = await guard.flags([made.slot.messages])
        expect(flagged).toBe(after.flagged)
        expect(await optimiseSlot(box, slot, { ...settings, lambda, seed })).toEqual(made)
      }),
      // Each is two searches; more settings are tried by other seeds of fast-check.
      { numRuns: 2 },
    )
  })

  test('stops when asked to', async () => {
    const stop = new AbortController()
    stop.abort()
    const search = optimiseSlot(...([box, slot, { ...settings, lambda: 0.5, seed: 1 }, stop.signal] as const))
    await expect(search).rejects.toThrow(/abort/i)
  })
})

describe('a guard', () => {
  const questions = guardQuestions('selection', 1, 40)

  test('is asked about harm that is carried out, and about harmless rows with refusals among them', () => {
    expect(questions.harmful.length).toBeGreaterThanOrEqual(38)
    expect(questions.harmless.length).toBeGreaterThanOrEqual(45)
  })

  test('that knows nothing is refused before any attack, with its figures', async () => {
    await expect(admitGuard(guard, questions)).rejects.toThrow(/finds .* % of plain harmful rows \(at least 95.0 %/)
    const all: ModerationGuard = { name: 'flags all', flags: (rows) => Promise.resolve(rows.map(() => true)) }
    await expect(admitGuard(all, questions)).rejects.toThrow(/flags 100.0 % of harmless ones/)
  })

  test('that cannot read a conversation whole fails, and passes nothing', async () => {
    const long = [{ role: 'user' as const, content: 'kolo '.repeat(2 * config.maxLength) }]
    await expect(guard.flags([long])).rejects.toMatchObject({ code: 'input_invalid' })
  })
})
