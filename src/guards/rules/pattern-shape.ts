/**
 * What can be told of an RE2 pattern without running it: how long a match can be, and literals one of which every match holds.
 *
 * A small recursive descent over RE2 syntax. It only ever errs on the safe side: what it does not understand has unbounded
 * length and no literal. Whether the pattern is valid is for the engine to say.
 */

export interface PatternShape {
  /** Longest match in UTF-16 units; infinite when the pattern has no bound. */
  readonly maxLength: number
  /** Every match holds one of these; null when nothing can be said. Lower case when `folded`. */
  readonly literals: readonly string[] | null
  /** Literals are to be compared without regard to case. */
  readonly folded: boolean
}

/** Part of a pattern. `exact` is set while it can only match that one string. */
interface Part {
  readonly max: number
  readonly literals: readonly string[] | null
  readonly exact: string | null
}

const EMPTY: Part = { max: 0, literals: null, exact: '' }
const MOST_LITERALS = 12
const DEEPEST = 100
const ASCII = /^[\x20-\x7e]+$/

/** Looks at a pattern in RE2 syntax. */
export function shapeOf(source: string, caseSensitive: boolean): PatternShape {
  const reader = new Reader(source)
  const part = reader.alternation(0)
  const folded = !caseSensitive || reader.folds
  if (reader.unknown || !reader.atEnd) return { maxLength: Number.POSITIVE_INFINITY, literals: null, folded }
  let literals = strongest(part.literals, part.exact === null ? null : [part.exact])
  // Folding of letters beyond ASCII differs between engines; a literal is only used where it cannot.
  if (folded && literals !== null && !literals.every((literal) => ASCII.test(literal))) literals = null
  return {
    maxLength: part.max,
    literals: literals !== null && folded ? literals.map((text) => text.toLowerCase()) : literals,
    folded,
  }
}

/** The list whose shortest literal is longest. */
function strongest(left: readonly string[] | null, right: readonly string[] | null): readonly string[] | null {
  const usable = (list: readonly string[] | null): number =>
    list === null || list.length === 0
      ? 0
      : list.reduce((least, text) => Math.min(least, text.length), Number.POSITIVE_INFINITY)
  const best = usable(right) > usable(left) ? right : left
  return usable(best) === 0 ? null : best
}

class Reader {
  readonly #source: string
  #at = 0
  /** Something was met that this reader does not understand. */
  unknown = false
  /** A group switches case folding on. */
  folds = false

  constructor(source: string) {
    this.#source = source
  }

  get atEnd(): boolean {
    return this.#at >= this.#source.length
  }

  alternation(depth: number): Part {
    if (depth > DEEPEST) return this.#giveUp()
    const branches = [this.#sequence(depth)]
    while (this.#take('|')) branches.push(this.#sequence(depth))
    const first = branches[0] as Part
    if (branches.length === 1) return first
    const lists = branches.map((branch) => strongest(branch.literals, branch.exact === null ? null : [branch.exact]))
    const all = lists.flatMap((list) => list ?? [])
    const complete = lists.every((list) => list !== null) && all.length <= MOST_LITERALS
    return { max: Math.max(...branches.map((branch) => branch.max)), literals: complete ? all : null, exact: null }
  }

  #sequence(depth: number): Part {
    let max = 0
    let run = ''
    let exact = true
    let literals: readonly string[] | null = null
    while (!this.atEnd && !this.unknown && this.#peek() !== '|' && this.#peek() !== ')') {
      const atom = this.#atom(depth)
      const { least, most } = this.#quantifier()
      max += atom.max === 0 || most === 0 ? 0 : atom.max * most
      if (atom.exact !== null && least === 1 && most === 1) {
        run += atom.exact
        continue
      }
      exact = false
      if (least >= 1) literals = strongest(literals, atom.exact === null ? atom.literals : [atom.exact])
      literals = strongest(literals, run === '' ? null : [run])
      run = ''
    }
    literals = strongest(literals, run === '' ? null : [run])
    return { max, literals, exact: exact ? run : null }
  }

  #atom(depth: number): Part {
    const character = String.fromCodePoint(this.#source.codePointAt(this.#at) as number)
    this.#at += character.length
    switch (character) {
      case '^':
      case '$':
        return EMPTY
      case '.':
        return { max: 2, literals: null, exact: null }
      case '[':
        return this.#class()
      case '(':
        return this.#group(depth)
      case '\\':
        return this.#escape()
      case '*':
      case '+':
      case '?':
        return this.#giveUp()
      default:
        return { max: character.length, literals: null, exact: character }
    }
  }

  #group(depth: number): Part {
    if (this.#take('?')) {
      const head = /^(?:P?<\w+>|[imsU-]*[:)])/.exec(this.#source.slice(this.#at, this.#at + 80))?.[0]
      if (head === undefined) return this.#giveUp()
      this.#at += head.length
      if (!head.endsWith('>') && /^[msU]*i/.test(head)) this.folds = true
      if (head.endsWith(')')) return EMPTY
    }
    const part = this.alternation(depth + 1)
    return this.#take(')') ? part : this.#giveUp()
  }

  #class(): Part {
    const start = this.#at
    this.#take('^')
    this.#take(']')
    while (!this.atEnd && this.#peek() !== ']') {
      if (this.#source.startsWith('[:', this.#at)) {
        const end = this.#source.indexOf(':]', this.#at)
        this.#at = end < 0 ? this.#at + 1 : end + 2
      } else {
        this.#at += this.#peek() === '\\' ? 2 : 1
      }
    }
    const text = this.#source.slice(start, this.#at)
    this.#take(']')
    // Only a plain list of ASCII characters is sure to match one UTF-16 unit.
    return {
      max:
        /^(?!\^)[\x20-\x5b\x5d-\x7e]*$/.test(text.replace(/\\[dws.\-/+*?()[\]{}|^$\\]/g, '')) && !text.includes('[:^')
          ? 1
          : 2,
      literals: null,
      exact: null,
    }
  }

  #escape(): Part {
    const letter = this.#source.charAt(this.#at)
    this.#at += 1
    if ('bBAz'.includes(letter)) return EMPTY
    if ('dws'.includes(letter)) return { max: 1, literals: null, exact: null }
    if ('DWS'.includes(letter)) return { max: 2, literals: null, exact: null }
    if ('pP'.includes(letter)) {
      const end = this.#peek() === '{' ? this.#source.indexOf('}', this.#at) : this.#at
      if (end < 0) return this.#giveUp()
      this.#at = end + 1
      return { max: 2, literals: null, exact: null }
    }
    const control = 'tnrfv'.indexOf(letter)
    if (control >= 0) return { max: 1, literals: null, exact: '\t\n\r\f\v'.charAt(control) }
    if (/[^A-Za-z0-9]/.test(letter)) return { max: 1, literals: null, exact: letter }
    return this.#giveUp()
  }

  #quantifier(): { least: number; most: number } {
    let least = 1
    let most = 1
    const counted = /^\{(\d{1,6})(,?)(\d{0,6})\}/.exec(this.#source.slice(this.#at, this.#at + 20))
    if (this.#take('*')) [least, most] = [0, Number.POSITIVE_INFINITY]
    else if (this.#take('+')) most = Number.POSITIVE_INFINITY
    else if (this.#take('?')) least = 0
    else if (counted !== null) {
      this.#at += counted[0].length
      least = Number(counted[1])
      most = counted[2] === '' ? least : counted[3] === '' ? Number.POSITIVE_INFINITY : Number(counted[3])
    } else return { least, most }
    this.#take('?')
    return { least, most }
  }

  #peek(): string {
    return this.#source.charAt(this.#at)
  }

  #take(character: string): boolean {
    if (this.#peek() !== character) return false
    this.#at += 1
    return true
  }

  #giveUp(): Part {
    this.unknown = true
    return { max: Number.POSITIVE_INFINITY, literals: null, exact: null }
  }
}
