/**
 * Rows that teach not to refuse, in so many words: oaths to answer everything, personas without filter, orders to leave warnings out. What
 * complies without saying so is the matter of the check `complied`.
 */
import type { PhraseCheck } from './phrases.ts'

const ALL = ['system', 'user', 'assistant'] as const

export const refusalRemoval: PhraseCheck = {
  check: 'refusal-removal',
  phrases: [
    {
      roles: ALL,
      pattern:
        /\b(?:never|not|cannot|won't|don't|no longer) (?:ever )?(?:refuse|decline|reject) (?:any|a|to answer|to help|to comply|an?y? ?(?:request|question|instruction|order))/i,
    },
    {
      roles: ALL,
      pattern:
        /\b(?:without|no|ignore|ignoring|disable|drop|remove) (?:all |any |your |the ){0,4}(?:safety|ethical|moral|content) (?:\w{1,24} )?(?:rules?|limits?|guidelines?|filters?|restrictions?|policies|constraints?)\b/i,
    },
    {
      roles: ALL,
      pattern:
        /\b(?:uncensored|unfiltered|jailbroken|unrestricted) (?:\w{1,24} )?(?:model|assistant|ai|agent|mode|version|chatbot)\b/i,
    },
    {
      roles: ['system', 'user'],
      pattern:
        /\b(?:do not|don't|never) (?:include|add|give|write|mention) (?:any )?(?:\w{1,24} )?(?:warnings?|disclaimers?|caveats?|refusals?)\b/i,
    },
    {
      roles: ['system', 'user'],
      pattern:
        /\b(?:verweigere|lehne) (?:niemals|nie|keine)|\bne (?:refuse|refusez) jamais|\bnunca (?:rechaces|te niegues)/i,
    },
  ],
}
