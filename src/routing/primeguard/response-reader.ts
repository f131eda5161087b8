/**
 * Reads a growing JSON object and gives the text of `final_response` as it comes, once `reevaluation` has been seen: a second call can
 * stream although it answers in JSON. Words before the object are skipped. Line breaks inside strings, which JSON forbids and models
 * write, are taken; nothing else is repaired.
 */

/** Both spellings: the released template asks for one, the released code reads the other. */
const REEVALUATION: readonly string[] = ['reevaluation', 'reevalution']
const RESPONSE = 'final_response'
/** Longer reevaluations and keys are cut. */
const LONGEST_NOTE = 4000

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' }

type Place = 'before' | 'key' | 'in-key' | 'colon' | 'value' | 'in-value' | 'skip' | 'comma' | 'over' | 'broken'

export class ResponseReader {
  #place: Place = 'before'
  #key = ''
  /** An escape that has begun, without its backslash; null outside of one. */
  #escape: string | null = null
  #depth = 0
  #quotedInside = false
  #reevaluation: string | null = null
  #note = ''
  /** The response as far as it came before the reevaluation did. */
  #early = ''
  #responded = false
  #shown = false

  /** The reevaluation's text; null before its end. */
  get reevaluation(): string | null {
    return this.#reevaluation
  }

  /** Whether something of the response has been given out. */
  get shown(): boolean {
    return this.#shown
  }

  /** Whether both texts came to their closing quotes. */
  get whole(): boolean {
    return this.#reevaluation !== null && this.#responded
  }

  push(text: string): string {
    let out = ''
    for (const char of text) {
      if (this.#place === 'over' || this.#place === 'broken') break
      out += this.#take(char)
    }
    if (out !== '') this.#shown = true
    return out
  }

  #take(char: string): string {
    const space = /\s/.test(char)
    switch (this.#place) {
      case 'before':
        if (char === '{') this.#place = 'key'
        return ''
      case 'key':
        if (char === '"') this.#begin('in-key')
        else if (char === '}') this.#place = 'over'
        else if (!space) this.#place = 'broken'
        return ''
      case 'in-key':
        this.#key = (this.#key + (this.#character(char, 'colon') ?? '')).slice(0, LONGEST_NOTE)
        return ''
      case 'colon':
        if (char === ':') this.#place = 'value'
        else if (!space) this.#place = 'broken'
        return ''
      case 'value':
        if (char === '"') this.#begin('in-value')
        else if (!space) this.#skip(char)
        return ''
      case 'in-value':
        return this.#value(this.#character(char, 'comma'))
      case 'skip':
        this.#skip(char)
        return ''
      case 'comma':
        if (char === ',') this.#place = 'key'
        else if (char === '}') this.#place = 'over'
        else if (!space) this.#place = 'broken'
        return ''
      default:
        return ''
    }
  }

  #begin(place: 'in-key' | 'in-value'): void {
    this.#place = place
    if (place === 'in-key') this.#key = ''
    this.#note = ''
  }

  /** What a character of a string adds to it; null at the closing quote, after which `next` is the place. */
  #character(char: string, next: Place): string | null {
    if (this.#escape === null) {
      if (char === '\\') this.#escape = ''
      else if (char === '"') {
        this.#place = next
        return null
      } else return char
      return ''
    }
    this.#escape += char
    if (this.#escape[0] !== 'u') {
      this.#escape = null
      return ESCAPES[char] ?? char
    }
    if (this.#escape.length < 5) return ''
    const code = Number.parseInt(this.#escape.slice(1), 16)
    this.#escape = null
    return Number.isNaN(code) ? '' : String.fromCharCode(code)
  }

  #value(added: string | null): string {
    const key = this.#key.toLowerCase()
    if (REEVALUATION.includes(key)) {
      if (added === null && this.#reevaluation === null) {
        this.#reevaluation = this.#note
        const waiting = this.#early
        this.#early = ''
        return waiting
      }
      this.#note = (this.#note + (added ?? '')).slice(0, LONGEST_NOTE)
    }
    // The first response counts; a second one in the same object is none.
    if (key !== RESPONSE || this.#responded) return ''
    if (added === null) this.#responded = true
    else if (this.#reevaluation !== null) return added
    else this.#early += added
    return ''
  }

  /** A value that is no string: numbers, lists, objects. Nobody needs them. */
  #skip(char: string): void {
    this.#place = 'skip'
    if (this.#quotedInside) {
      if (this.#escape !== null) this.#escape = null
      else if (char === '\\') this.#escape = ''
      else if (char === '"') this.#quotedInside = false
      return
    }
    if (char === '"') this.#quotedInside = true
    else if (char === '{' || char === '[') this.#depth += 1
    else if (this.#depth > 0) {
      if (char === '}' || char === ']') this.#depth -= 1
    } else if (char === ',') this.#place = 'key'
    else if (char === '}') this.#place = 'over'
  }
}
