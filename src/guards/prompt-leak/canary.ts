/**
 * Canaries: a marker in the system prompt that has no business in an answer, and the forms in which a model might still say it
 * (spelled out, in other case, backwards, in base64).
 *
 * A canary proves that the prompt was repeated, not that it was not: overlap is checked beside it. Forms that need a
 * translation table (ciphers, words for digits) are not looked for.
 */

const MARK = 'canary-'
const BODY = 16
const GENERATED = /^canary-[0-9a-f]{16}$/
const IN_PROMPT = /canary-([0-9a-f]{16})(?![0-9a-f])/g

/**
 * A marker to put into a system prompt; guards find it there by its shape.
 *
 * @param seed the same seed gives the same canary; without it every call gives another
 */
export function createCanary(seed?: string): string {
  if (seed !== undefined) return MARK + hex(hash(seed, 0x811c9dc5)) + hex(hash(seed, 0x01000193))
  const bytes = crypto.getRandomValues(new Uint8Array(BODY / 2))
  return MARK + Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** One form of a canary, compared with the letters and digits of a text. */
export interface CanaryForm {
  readonly text: string
  readonly anyCase: boolean
}

/** Forms of all canaries in a system prompt, and of those named. */
export function canaryForms(system: string, named: readonly string[]): readonly CanaryForm[] {
  const bodies = new Set<string>()
  for (const match of system.matchAll(IN_PROMPT)) bodies.add(match[1] as string)
  for (const name of named) bodies.add(GENERATED.test(name) ? name.slice(MARK.length) : name)
  const forms: CanaryForm[] = []
  for (const raw of bodies) {
    const body = raw.toLowerCase().replace(/[^a-z0-9]/g, '')
    if (body.length < 6) continue
    forms.push({ text: body, anyCase: true }, { text: Array.from(body).reverse().join(''), anyCase: true })
    for (let shift = 0; shift < 3; shift++) {
      const text = encoded(raw, shift)
      if (text.length >= 6) forms.push({ text, anyCase: false })
    }
  }
  return forms
}

/** The part of the base64 form that does not depend on what stands around the body, `shift` bytes into a group of three. */
function encoded(body: string, shift: number): string {
  const whole = btoa(`${'x'.repeat(shift)}${body}`.replace(/[^\x00-\xff]/g, '?'))
  const from = shift === 0 ? 0 : shift === 1 ? 2 : 3
  const length = Math.floor(((shift + body.length) * 8) / 6)
  return whole.slice(from, length).replace(/[^A-Za-z0-9]/g, '')
}

function hash(text: string, start: number): number {
  let value = start
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d)
  return (value ^ (value >>> 13)) >>> 0
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0')
}
