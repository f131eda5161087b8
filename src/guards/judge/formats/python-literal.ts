/**
 * A string as Python's `repr` writes it, for templates whose released script renders lists of texts. CPython's rules
 * (`unicode_repr`): single quotes, unless the text holds one and no double quote.
 */

const NAMED: ReadonlyMap<string, string> = new Map([
  ['\\', '\\\\'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
])

/** `repr(text)`. What counts as printable follows this runtime's Unicode version, as it follows Python's there. */
export function pythonString(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const escaped = Array.from(text, (character) => {
    if (character === quote) return `\\${character}`
    return NAMED.get(character) ?? (isPrintable(character) ? character : escape(character))
  })
  return `${quote}${escaped.join('')}${quote}`
}

function isPrintable(character: string): boolean {
  return character === ' ' || !/[\p{C}\p{Z}]/u.test(character)
}

function escape(character: string): string {
  const code = character.codePointAt(0) ?? 0
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`
  return code <= 0xffff ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`
}
