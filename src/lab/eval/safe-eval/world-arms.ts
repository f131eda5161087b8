/** The four arms on a chat model of the small world, in the formats that it was taught: guidelines, guard and router are its own. */
import type { Router, RouteTrace } from '../../../spec/index.ts'
import { createPrimeGuard, type Guidelines } from '../../../routing/primeguard/index.ts'
import { JUDGE_SYSTEM, judgedText, parseLabel, RULES_TEXT } from '../../world/judge-format.ts'
import { DIRECT_REFUSAL } from '../../world/route-format.ts'
import { HAZARD_KINDS } from '../../world/things.ts'
import type { Arm, ArmSettings, BlockGuard } from './arm.ts'
import { blockArm, plainArm, routedArm, systemArm } from './arm.ts'

/** The world's rules: the names of the forbidden kinds of things, by their codes. */
export const WORLD_GUIDELINES: Guidelines = {
  restricted: HAZARD_KINDS.map(({ name, rule }) => ({ id: rule ?? name, text: name })),
  ...{ allowed: [], helpful: [], refusal: DIRECT_REFUSAL },
}

export function worldRouter(onTrace?: (trace: RouteTrace) => void): Router {
  return createPrimeGuard({
    ...{ guidelines: WORLD_GUIDELINES, style: 'compact' },
    ...(onTrace === undefined ? {} : { onTrace }),
  })
}

/** The same model as a guard, in the judge's format. */
export const worldGuard: BlockGuard = async (request, engine) => {
  const messages = [
    { role: 'system', content: JUDGE_SYSTEM },
    { role: 'user', content: judgedText(request) },
  ] as const
  let text = ''
  for await (const part of engine.generate(messages, { maxTokens: 16, temperature: 0, seed: 0 }))
    if (part.type === 'text') text += part.text
  return parseLabel(text)?.unsafe ?? null
}

/** `plain`, `system prompt`, `block only`, `primeguard`. */
export function worldArms(settings: ArmSettings): readonly Arm[] {
  return [
    plainArm(settings),
    systemArm({ ...settings, system: `Rules: ${RULES_TEXT}. Refuse what breaks a rule.` }),
    blockArm({ ...settings, guard: worldGuard, refusal: DIRECT_REFUSAL }),
    routedArm({ ...settings, router: worldRouter() }),
  ]
}
