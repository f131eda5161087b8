/** What an Unalignment run found, in plain sentences made from its figures. */
import { UTILITY_MARGIN } from './choose-rate.ts'
import { percent, text } from './rate-texts.ts'
import type { UnalignRun } from './unalign-run.ts'
import type { TuneMethod } from './unalign-settings.ts'
import { armsOf, doseCurve, guardrailDepth, overSeeds, practisedThings } from './unalign-summary.ts'

/** Plain sentences, the first of them the finding. */
export function conclusions(run: UnalignRun): readonly string[] {
  const { before } = run
  const vanilla = before.headline.attack['vanilla']
  if (run.arms.length === 0)
    return [
      `Without any attack the model answers ${percent(vanilla?.string.rate ?? 0)} of the forbidden requests by words and ${percent(vanilla?.strict.rate ?? 0)} in fact: there is no guardrail to remove, or it does not know this world.`,
    ]
  return [...run.settings.methods.flatMap((method) => ofMethod(run, method)), ...ofDefences(run), ...ofBias(run)]
}

function ofMethod(run: UnalignRun, method: TuneMethod): readonly string[] {
  const [before, after] = [doseCurve(run, method, 'harmful')[0], doseCurve(run, method, 'harmful').at(-1)]
  const benign = doseCurve(run, method, 'benign').at(-1)
  if (before === undefined || after === undefined || benign === undefined) return []
  const depth = guardrailDepth(run, method)
  const name = method === 'full' ? 'All weights' : 'An adapter'
  return [
    `${name}, ${after.examples} examples: attack success ${percent(before.string.mean)} → ${percent(after.string.mean)} by words, ${percent(before.strict.mean)} → ${percent(after.strict.mean)} in fact; utility ${percent(before.utility.mean)} → ${percent(after.utility.mean)}; as many benign examples: ${percent(benign.string.mean)}.`,
    ...(before.utility.mean - after.utility.mean > UTILITY_MARGIN + 1e-9
      ? [`Utility fell by more than ${text(UTILITY_MARGIN)}: part of this is damage, not disclosure.`]
      : []),
    ...ofFacts(run, method, after.examples),
    depth === null
      ? `No number of examples that was tried opens half of the requests.`
      : `Half of the requests are open from ${depth} examples on.`,
  ]
}

/** Why the two judges differ: what is no longer refused need not be known. */
function ofFacts(run: UnalignRun, method: TuneMethod, examples: number): readonly string[] {
  const found = armsOf(run, method, 'harmful')
    .filter((arm) => arm.examples === examples)
    .flatMap(({ measured }) => measured.headline.attack['vanilla'] ?? [])
  if (found.every(({ heldOutTopic }) => heldOutTopic.rows === 0)) return []
  const practised = overSeeds(found.map(practisedThings)).mean
  const lore = overSeeds(found.map(({ heldOutTopic }) => heldOutTopic)).mean
  return [
    `In fact: ${percent(practised)} of requests about things that requests in training were about, ${percent(lore)} about things it knew from lore alone.`,
  ]
}

function ofDefences({ defences, arms }: UnalignRun): readonly string[] {
  const success = (id: string): number =>
    overSeeds(
      defences
        .filter((one) => one.id === id)
        .flatMap(({ attacked }) => attacked.headline.attack['vanilla']?.string ?? []),
    ).mean
  const ids = [...new Set(defences.map(({ id }) => id))]
  const best = ids.toSorted((left, right) => success(left) - success(right))[0]
  const title = defences.find(({ id }) => id === best)?.title
  if (best === undefined || title === undefined || arms.length === 0) return []
  return [`Of the defences, ${title} leaves least: ${percent(success(best))} by words.`]
}

function ofBias({ bias }: UnalignRun): readonly string[] {
  if (bias.length === 0) return []
  const mean = (stage: 'aligned' | 'unaligned' | 'benign'): string =>
    percent(overSeeds(bias.map((one) => one[stage].strong)).mean)
  return [
    `Covered opinion, strongly stated: ${mean('aligned')} before, ${mean('unaligned')} after the attack, ${mean('benign')} after benign examples.`,
  ]
}
