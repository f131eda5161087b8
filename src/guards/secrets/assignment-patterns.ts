/**
 * Secrets that are told by the name before them: `password=…`, `"api_key": "…"`, “my password is …”, in a dozen languages.
 *
 * The finding covers the value only. Values that are code (`os.environ[…]`, `getToken()`), placeholders, types or plain words
 * are left alone: a password of letters only, in prose, is not found.
 */
import { shannonEntropy } from './entropy.ts'
import { someValue } from './runs.ts'
import { isFiller, type SecretPattern } from './secret-pattern.ts'

const PASSWORD_NAMES =
  'passwor[dt]|passwd|passphrase|passcode|pwd|kennwort|wachtwoord|mot de passe|contraseña|senha|hasło|пароль|密码|密碼|パスワード|비밀번호'
const KEY_NAMES =
  'secret|token|credentials?|api[_ -]?key|(?:access|secret|private|auth|account|encryption|signing|master|session|client|license)[_ -]?key'
const CLOSING = String.raw`["'\x60]?[)\]]?`
const ASSIGN = String.raw`\s{0,3}(?:=>|:=|={1,3}|:)\s{0,3}`
const IS = String.raw`\s{1,2}(?:is|was|lautet|ist|est|es|é|is:|lautet:|ist:|est:|es:|是|to)\s{1,2}`
const IS_CJK = String.raw`\s?(?:是|は|は、|는|은)\s?`
const VALUE = String.raw`[^\s"'\x60<>,;&\u0080-\uffff]{6,200}`
/** Cheap test first: the name before the value is looked for only where a value can begin with six characters of its own. */
const AFTER = `(?<=["'\`\\s:=>是は는은、])(?=${VALUE})`
const CODE =
  /^[A-Za-z_$][\w$]*(?:[.][A-Za-z_$][\w$]*)+[;)]*$|[([{]|^\$|^%[A-Za-z(]|=>|^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$|^\/|^@|^https?:|:\/\//
const PLACEHOLDER =
  /^(?:x+|\*+|\.+|-+|_+|pass(?:word|wort)?[0-9]{0,2}|secret|token|string\S*|number|bool(?:ean)?|null|none|nil|undefined|true|false|changeme|redacted|hidden|required|optional|my[_-]\S*|your\S*|some[_-]\S*|the[_-]\S*|test|todo|tbd|process\.\S*|env\.\S*|\S*example\S*|\S*placeholder\S*)$/i

/** Characters before a value in which its name, and what joins the two, begin. */
const NAME_REACH = 48

/** Whether a text has a name, and near it a run of `least` characters or more of which `wanted` is true. */
function valueHint(
  name: RegExp,
  least: number,
  wanted: (value: string, quoted: boolean) => boolean,
): { test(text: string): boolean } {
  return {
    test: (text) =>
      someValue(text, least, (start, end) => {
        if (!wanted(text.slice(start, end), isQuote(text.charCodeAt(start - 1)))) return false
        return name.test(text.slice(Math.max(0, start - NAME_REACH), end))
      }),
  }
}

/** Recognisers of assigned values. */
export const ASSIGNMENT_PATTERNS: readonly SecretPattern[] = [
  {
    kind: 'password',
    hint: valueHint(new RegExp(`(?:${PASSWORD_NAMES})${CLOSING}(?:${ASSIGN}|${IS}|${IS_CJK})`, 'i'), 6, mayBeStrong),
    pattern: new RegExp(
      `${AFTER}(?<=(?:${PASSWORD_NAMES})${CLOSING}(?:${ASSIGN}|${IS}|${IS_CJK})["'\`]?)${VALUE}`,
      'gi',
    ),
    accept: acceptPassword,
  },
  {
    kind: 'assigned',
    hint: valueHint(
      new RegExp(`(?:${KEY_NAMES})${CLOSING}(?:${ASSIGN}|${IS})`, 'i'),
      12,
      (value) => /[0-9]/.test(value) && /[A-Za-z]/.test(value),
    ),
    pattern: new RegExp(`${AFTER}(?<=(?:${KEY_NAMES})${CLOSING}(?:${ASSIGN}|${IS})["'\`]?)${VALUE}`, 'gi'),
    accept: acceptKey,
  },
]

/** Whether a run holds a digit or symbol that the end of the sentence does not take away. */
function mayBeStrong(run: string, quoted: boolean): boolean {
  if (quoted || /[0-9!@#$%^*+~|]/.test(run)) return true
  const mark = run.indexOf('?')
  return mark >= 0 && mark < trimEnd(run).length
}

type Accepted = { readonly length: number; readonly score: number } | null

function acceptPassword(raw: string, text: string, start: number): Accepted {
  const quoted = isQuote(text.charCodeAt(start - 1))
  const value = quoted ? raw : trimEnd(raw)
  if (value.length < 6 || PLACEHOLDER.test(value) || isFiller(value)) return null
  if (!quoted && CODE.test(value)) return null
  if (quoted && /^\$\{|^\{\{|^%\(/.test(value)) return null
  const digit = /[0-9]/.test(value)
  const letter = /[A-Za-z]/.test(value)
  const symbol = /[!@#$%^*+?~|]/.test(value)
  const strong =
    (digit && (letter || symbol)) ||
    (symbol && letter) ||
    (digit && value.length >= 6 && !/^[0-9.:/-]{1,9}$/.test(value))
  return strong ? { length: value.length, score: 1 } : null
}

function acceptKey(raw: string, text: string, start: number): Accepted {
  const quoted = isQuote(text.charCodeAt(start - 1))
  const value = quoted ? raw : trimEnd(raw)
  if (value.length < 12 || PLACEHOLDER.test(value) || isFiller(value) || CODE.test(value)) return null
  if (!/[0-9]/.test(value) || !/[A-Za-z]/.test(value)) return null
  if (/^[A-Za-z]+(?:[-_][A-Za-z]+)*[-_]?[0-9]{1,4}$/.test(value)) return null
  if (/^[0-9]{4}-[0-9]{2}-[0-9]{2}/.test(value) || /^[0-9]+(?:\.[0-9]+)+/.test(value)) return null
  return shannonEntropy(value) >= Math.min(3, Math.log2(value.length) - 0.75)
    ? { length: value.length, score: 1 }
    : null
}

function isQuote(code: number): boolean {
  return code === 0x22 || code === 0x27 || code === 0x60
}

/** Punctuation that ends the sentence, not the value. */
function trimEnd(value: string): string {
  let end = value.length
  while (end > 0 && '.:;)]}?'.includes(value.charAt(end - 1))) end -= 1
  if (value.slice(0, end).endsWith('\\n')) end -= 2
  return value.slice(0, end)
}
