/**
 * The shape of reversible pseudonyms (`<EMAIL_1>`) and how they are put back.
 *
 * Models quote, escape and mark up what they repeat, so the HTML and JSON spellings of the angle brackets and a backslash before an
 * underscore count too. What such a text means is the vault's affair: an unknown pseudonym stays as it is.
 */
import type { Recogniser } from '../../core/scan/index.ts'
import { regExpMatcher } from '../../core/scan/index.ts'
import type { Caller } from '../../spec/exchange.ts'
import type { Restorer } from '../../spec/guard.ts'
import type { PseudonymVault } from '../../spec/vault.ts'

const SHAPE = /(<|&lt;|\\u003c)([A-Z][A-Z0-9_\\]{1,40}\d)(>|&gt;|\\u003e)/gi
const LONGEST = 54

/** Kind under which text that only looks like a pseudonym is kept. */
const LITERAL = 'literal'

/**
 * Finds text that already looks like a pseudonym. In what users and documents say it is only text: it gets a pseudonym of its own,
 * so that nobody can have another value put in its place.
 */
export function literalRecogniser(): Recogniser {
  return {
    id: LITERAL,
    pattern: regExpMatcher(new RegExp(SHAPE.source, SHAPE.flags)),
    maxLength: LONGEST,
    needs: (text) => /<|&lt;|\\u003c/i.test(text),
    opening: { pattern: regExpMatcher(/<|&(?:lt;|l?t?$)|\\(?:u003c|u?0{0,2}3?$)/gi), maxLength: 1 },
    accept: () => ({ label: `pii.${LITERAL}`, score: 1 }),
  }
}

/** Puts back what the vault knows in this conversation. */
export function createRestorer(vault: PseudonymVault): Restorer {
  return {
    maxLength: LONGEST,
    restore(text: string, caller: Caller): string {
      if (!text.includes('_')) return text
      return text.replace(SHAPE, (written: string, open: string, name: string) => {
        const value = vault.reveal(`<${name.replaceAll('\\', '').toUpperCase()}>`, caller)
        return value === null ? written : spell(value, open)
      })
    },
  }
}

/** The value in the spelling of its surroundings. */
function spell(value: string, open: string): string {
  if (open.startsWith('&')) return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  return open.startsWith('\\') ? JSON.stringify(value).slice(1, -1) : value
}
