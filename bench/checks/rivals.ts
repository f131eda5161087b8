/**
 * The rivals, each behind one function that scores a text, 0…1. They are called as their documentation says.
 */
import vard from '@andersmyrmel/vard'
import { checkAll, checkInjection, checkJailbreak, checkMalicious } from 'llm_guardrail'

/** One way of scoring a text. */
export interface Scorer {
  readonly name: string
  score(text: string): number | Promise<number>
}

interface Head {
  readonly probabilities: { readonly threat: number }
}

const head = (check: (text: string) => Promise<Head>) => async (text: string) =>
  (await check(text)).probabilities.threat

/** The three heads of llm_guardrail, and the largest of them (its checkAll). */
export const llmGuardrail: readonly Scorer[] = [
  { name: 'llm_guardrail injection', score: head(checkInjection) },
  { name: 'llm_guardrail jailbreak', score: head(checkJailbreak) },
  { name: 'llm_guardrail malicious', score: head(checkMalicious) },
]

/** Its checkAll, scored by the largest of its heads: its own `maxThreatConfidence` is 0 unless a head fires. */
export const llmGuardrailAll: Scorer = {
  name: 'llm_guardrail checkAll',
  score: async (text) => {
    const { injection, jailbreak, malicious } = await checkAll(text)
    return Math.max(...[injection, jailbreak, malicious].map(({ probabilities }) => probabilities.threat))
  },
}

export const vardDefault: Scorer = { name: 'vard', score: (text) => (vard.safe(text).safe ? 0 : 1) }

/**
 * hai-guardrails in pattern mode. Importing it starts a worker from a path of its build machine, which fails as an uncaught
 * exception in its own thread pool; that one error is ignored here so that the package can be measured at all.
 */
export async function loadHai(): Promise<Scorer> {
  process.on('uncaughtException', (error: NodeJS.ErrnoException) => {
    if (error.code?.endsWith('MODULE_NOT_FOUND') === true && error.message.includes('piscina')) return
    throw error
  })
  const { injectionGuard, GuardrailsEngine } = await import('@presidio-dev/hai-guardrails')
  const engine = new GuardrailsEngine({
    guards: [injectionGuard({ roles: ['user'] }, { mode: 'pattern', threshold: 0.5 })],
  })
  return {
    name: 'hai-guardrails injection (pattern)',
    score: async (text) =>
      (await engine.run([{ role: 'user', content: text }])).messagesWithGuardResult[0]?.messages[0]?.passed === false
        ? 1
        : 0,
  }
}
