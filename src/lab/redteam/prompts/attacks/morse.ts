/** Morse code of letters and digits (ITU-R M.1677-1). Accents are dropped; what has no code is left out. */
const CODES: Readonly<Record<string, string>> = {
  ...{ a: '.-', b: '-...', c: '-.-.', d: '-..', e: '.', f: '..-.', g: '--.', h: '....', i: '..', j: '.---', k: '-.-' },
  ...{ l: '.-..', m: '--', n: '-.', o: '---', p: '.--.', q: '--.-', r: '.-.', s: '...', t: '-', u: '..-', v: '...-' },
  ...{ w: '.--', x: '-..-', y: '-.--', z: '--..', '0': '-----', '1': '.----', '2': '..---', '3': '...--' },
  ...{ '4': '....-', '5': '.....', '6': '-....', '7': '--...', '8': '---..', '9': '----.' },
}
const LETTERS: ReadonlyMap<string, string> = new Map(Object.entries(CODES).map(([letter, code]) => [code, letter]))

/** Letters apart by a blank, words by a slash. */
export function toMorse(text: string): string {
  const plain = text.normalize('NFD').toLowerCase().split(/\s+/)
  return plain
    .map((word) =>
      Array.from(word)
        .flatMap((letter) => CODES[letter] ?? [])
        .join(' '),
    )
    .filter((word) => word !== '')
    .join(' / ')
}

/** Null where there is none. */
export function fromMorse(text: string): string | null {
  if (!/[.-]{1,5}(?:[ /]+[.-]{1,5})+/.test(text)) return null
  return text
    .split('/')
    .map((word) =>
      word
        .trim()
        .split(/\s+/)
        .map((code) => LETTERS.get(code) ?? '')
        .join(''),
    )
    .join(' ')
}
