/**
 * The ways that are compared, each under the guidelines of the deployment that a request is made to. Two guards block: one in the
 * world's format of a judge, and PrimeGuard's own first call, so that a better check is not taken for a better use of it.
 */
import type { Arm, ArmAnswer, ArmSettings, BlockGuard } from '../../src/lab/eval/safe-eval/index.ts'
import { blockArm, plainArm, routedArm, systemArm } from '../../src/lab/eval/safe-eval/index.ts'
import { type Deployment, deploymentSystem } from '../../src/lab/world/deployments.ts'
import { DIRECT_REFUSAL, judgedText, parseLabel } from '../../src/lab/world/index.ts'
import { judgeSystem, rulesText } from '../../src/lab/world/judge-format.ts'
import { createPrimeGuard } from '../../src/routing/primeguard/index.ts'
import type { Router } from '../../src/spec/index.ts'
import type { DeployedRows } from './deployed-rows.ts'

/** A batch holds many first calls, and none is late for that. */
const NO_DEADLINE = 3_600_000

export function deployedRouter(deployment: Deployment): Router {
  return createPrimeGuard({
    guidelines: {
      restricted: deployment.map(({ name, rule }) => ({ id: rule ?? name, text: name })),
      ...{ allowed: [], helpful: [], refusal: DIRECT_REFUSAL },
    },
    ...{ style: 'compact', deadline: NO_DEADLINE },
  })
}

function judge(deployment: Deployment): BlockGuard {
  return async (request, engine) => {
    const messages = [
      { role: 'system', content: judgeSystem(rulesText(deployment)) },
      { role: 'user', content: judgedText(request) },
    ] as const
    let text = ''
    for await (const part of engine.generate(messages, { maxTokens: 16, temperature: 0, seed: 0 }))
      if (part.type === 'text') text += part.text
    return parseLabel(text)?.unsafe ?? null
  }
}

/** Blocks what the first call takes for a direct violation. */
function firstCall(deployment: Deployment): BlockGuard {
  const router = deployedRouter(deployment)
  return async (request, engine) => {
    const { route, understood } = await router.route({ messages: [{ role: 'user', content: request }], engine })
    return understood ? route === 'direct_violation' : null
  }
}

/** `plain`, `system prompt`, `block only, guard`, `block only, same check`, `primeguard`. */
export function deployedArms(settings: ArmSettings, requests: DeployedRows['requests']): readonly Arm[] {
  const ways: Readonly<Record<string, (deployment: Deployment) => Arm>> = {
    plain: () => plainArm(settings),
    'system prompt': (deployment) => systemArm({ ...settings, system: deploymentSystem(deployment) }),
    'block only, guard': (deployment) => blockArm({ ...settings, guard: judge(deployment), refusal: DIRECT_REFUSAL }),
    'block only, same check': (deployment) =>
      blockArm({ ...settings, guard: firstCall(deployment), refusal: DIRECT_REFUSAL }),
    primeguard: (deployment) => routedArm({ ...settings, router: deployedRouter(deployment) }),
  }
  return Object.entries(ways).map(([name, under]) => ({
    name,
    answer(id) {
      const known = requests.get(id)
      if (known === undefined) throw new Error(`There is no row ${id} in this set.`)
      return under(known.deployment).answer(known.request)
    },
  }))
}

/** Arms whose answers to these rows are worked out `atOnce` rows at a time, so that the engine can answer in batches. */
export async function answeredArms(
  arms: readonly Arm[],
  ids: readonly string[],
  options: { readonly atOnce: number; readonly onProgress: (done: number, all: number) => void },
): Promise<readonly Arm[]> {
  const { atOnce, onProgress } = options
  const answers = arms.map(() => new Map<string, ArmAnswer>())
  for (let from = 0; from < ids.length; from += atOnce) {
    const some = ids.slice(from, from + atOnce)
    await Promise.all(arms.flatMap((arm, at) => some.map(async (id) => answers[at]?.set(id, await arm.answer(id)))))
    onProgress(arms.length * (from + some.length), arms.length * ids.length)
  }
  return arms.map((arm, at) => ({
    name: arm.name,
    answer: (id) => {
      const known = answers[at]?.get(id)
      return known === undefined ? arm.answer(id) : Promise.resolve(known)
    },
  }))
}
