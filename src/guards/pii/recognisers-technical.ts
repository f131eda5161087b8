/**
 * E-mail addresses, network addresses, credentials in URLs, payment cards, bank identifiers and wallets.
 *
 * E-mail follows RFC 5322 dot-atoms as people write them (no quoted local parts, no comments), IPv6 RFC 4291 text forms.
 */
import type { Candidate, Shape } from './candidate.ts'
import { CLOSE, OPEN, SEPARATOR as S, WITHIN_IBAN, WORD, compact } from './candidate.ts'
import * as words from './context.ts'
import { fitCard, ibanLength, isBic, isIban, isUsRoutingNumber } from './finance.ts'
import { isBase58Address, isBech32Address, isEthereumAddress } from './wallets.ts'

const LETTER = 'A-Za-z0-9\\u00C0-\\u024F\\u0370-\\u052F\\u0900-\\u097F\\u3040-\\u30FF\\u4E00-\\u9FFF\\uAC00-\\uD7AF'
/** CJK letters may be part of a local part, but far more often the address just follows them without a space. */
const LOCAL_FIRST = 'A-Za-z0-9\\u00C0-\\u024F\\u0370-\\u052F_%+-'
const LOCAL = `'${LOCAL_FIRST}`
const TOP_LEVEL =
  'xn--[A-Za-z0-9-]{2,20}|[A-Za-z]{2,18}|[\\u0400-\\u052F\\u0900-\\u097F\\u4E00-\\u9FFF\\uAC00-\\uD7AF]{2,6}'

/** Begin of a number of six digits or more. */
const DIGIT_RUN = new RegExp(`${OPEN}\\d(?:${S}\\d){0,4}${S}(?:\\d|$)`, 'g')

const EMAIL: Shape = {
  kind: 'email',
  pattern: new RegExp(
    `(?<![.${LOCAL_FIRST}])(?=[^\\s@]{1,64}@)[${LOCAL_FIRST}][.${LOCAL}]{0,63}@(?:[${LETTER}][${LETTER}-]{0,40}\\.){1,4}(?:${TOP_LEVEL})(?![A-Za-z0-9_@-])`,
    'g',
  ),
  maxLength: 255,
  opening: new RegExp(`(?<![.${LOCAL_FIRST}])[${LOCAL_FIRST}][.${LOCAL}]{0,63}(?:@|$)`, 'g'),
  gate: (profile) => profile.at,
  judge: ({ value }) => (/\.\.|\.@|-\./.test(value) ? 0 : 1),
}

const URL_CREDENTIALS: Shape = {
  kind: 'url_credentials',
  pattern: /(?<=[a-z0-9]:\/\/)[^\s/:@?#"'<>]{1,64}:[^\s/@?#"'<>]{1,80}@(?=[A-Za-z0-9[])/gi,
  maxLength: 146,
  opening: /(?<=[a-z0-9]:\/\/)[^\s/:@?#"'<>]{1,64}(?::|$)/gi,
  gate: (profile) => profile.at && profile.colons > 0,
  judge: ({ value }) => (/^[^:]*:(?:\[|\*|<|\$\{|\{)/.test(value) ? 0 : 1),
}

const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const VERSION = /(?:version|ver\.?|release|firmware|build|oid|section|chapter|§|v)[\s:=]{0,2}$/i

const IP: Shape = {
  kind: 'ip',
  pattern: new RegExp(
    `(?<![${WORD}.:]|[${WORD}]-)(?:(?:${OCTET}\\.){3}${OCTET}(?![${WORD}]|\\.\\d|-\\d)|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{0,38}(?:[0-9A-Fa-f]|::)(?![${WORD}]|:[0-9A-Fa-f]))`,
    'g',
  ),
  maxLength: 46,
  opening: new RegExp(`(?<![${WORD}.:]|[${WORD}]-)(?:\\d{1,3}(?:\\.(?:\\d|$)|$)|[0-9A-Fa-f]{0,4}(?::|$))`, 'g'),
  gate: (profile) => profile.colonPair || (profile.dots >= 3 && (profile.run >= 4 || profile.colons > 1)),
  judge: ({ value, before }) => {
    if (value.includes(':')) return isIpv6(value) ? 1 : 0
    if (VERSION.test(before) || /^(?:0\.|127\.0\.0\.1$|255\.255\.)/.test(value)) return 0
    return 1
  },
}

/** IPv6 text form; the unspecified and the loopback address are nobody's. */
function isIpv6(value: string): boolean {
  const text = value.replace(/:(\d{1,3}(?:\.\d{1,3}){3})$/, ':0:0')
  if (text.includes('.') || text.includes(':::')) return false
  const halves = text.split('::')
  if (halves.length > 2) return false
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')))
  if (!groups.every((group) => /^[0-9A-Fa-f]{1,4}$/.test(group))) return false
  if (halves.length === 1) return groups.length === 8
  if (groups.length > 7) return false
  // `dead::beef` may be a name in source code.
  return (
    groups.length >= 3 || (groups.length > 0 && /^(?:fe80|f[cd][0-9a-f]{2}|2[0-9a-f]{3}|64)$/i.test(groups[0] ?? ''))
  )
}

const MAC: Shape = {
  kind: 'mac',
  pattern:
    /(?<![0-9A-Za-z_:.-])[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}(?![0-9A-Za-z_]|[:-][0-9A-Fa-f])/g,
  maxLength: 17,
  gate: (profile) => profile.colons > 4 || (profile.digits > 0 && profile.hyphens > 4),
  judge: ({ value }) =>
    /^(?:00[:-]){5}00$|^(?:ff[:-]){5}ff$/i.test(value) || /^\d{2}(?:-\d{2}){5}$/.test(value) ? 0 : 1,
}

const CARD: Shape = {
  kind: 'card',
  pattern: new RegExp(
    `${OPEN}(?:\\d{4}(${S})\\d{4}\\1\\d{4}\\1\\d{4}(?:\\1\\d{3})?|3[47]\\d{2}(${S})\\d{6}\\2\\d{5}|3[0689]\\d{2}(${S})\\d{6}\\3\\d{4}|\\d{12,19})${CLOSE}`,
    'g',
  ),
  maxLength: 23,
  opening: DIGIT_RUN,
  gate: (profile) => profile.run >= 12,
  judge: ({ value, before }) => {
    const fit = WITHIN_IBAN.test(before) ? 'no' : fitCard(compact(value))
    if (fit === 'usual') return 1
    return fit === 'rare' && words.CARD.test(before) && !words.OTHER_NUMBER.test(before) ? 0.9 : 0
  },
}

const IBAN: Shape = {
  kind: 'iban',
  pattern: new RegExp(`(?<![${WORD}])[A-Za-z]{2}\\d{2}(?:[ \\u2010-\\u2015-]?[A-Za-z0-9]){11,30}`, 'g'),
  maxLength: 64,
  opening: new RegExp(`(?<![${WORD}])[A-Za-z](?:$|[A-Za-z](?:$|\\d(?:$|\\d)))`, 'g'),
  gate: (profile) => profile.digits >= 8 && profile.mixed >= 4,
  trim: ibanExtent,
  judge: ({ value, after }) => (isIban(compact(value)) && !/^[A-Za-z0-9]/.test(after) ? 1 : 0),
}

/** An IBAN ends where its country says, whatever words follow it. */
function ibanExtent(matched: string): number {
  const wanted = ibanLength(matched.slice(0, 2).toUpperCase())
  let count = 0
  for (let index = 0; index < matched.length && wanted > 0; index++) {
    if (/[A-Za-z0-9]/.test(matched.charAt(index))) count++
    if (count === wanted) return index + 1
  }
  return 0
}

const BIC: Shape = {
  kind: 'bic',
  pattern: new RegExp(`(?<![${WORD}])[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?(?![${WORD}])`, 'g'),
  maxLength: 11,
  opening: new RegExp(`(?<![${WORD}])(?:[A-Z]{6}|[A-Z]{1,5}$)`, 'g'),
  gate: (profile) => profile.capitals >= 6,
  judge: ({ value, before }) => (isBic(value) && words.BIC.test(before) ? 0.9 : 0),
}

const WALLET: Shape = {
  kind: 'crypto_wallet',
  pattern:
    /(?<![A-Za-z0-9])(?:[13][1-9A-HJ-NP-Za-km-z]{24,33}|(?:bc1|BC1)[02-9A-Za-z]{11,71}|0x[0-9A-Fa-f]{40})(?![A-Za-z0-9])/g,
  maxLength: 74,
  opening:
    /(?<![A-Za-z0-9])(?:[13](?:$|[1-9A-HJ-NP-Za-km-z](?:$|[1-9A-HJ-NP-Za-km-z]))|[bB](?:$|[cC](?:$|1))|0(?:$|x))/g,
  gate: (profile) => profile.coded >= 14,
  judge: ({ value }) => {
    if (value.startsWith('0x')) return isEthereumAddress(value) ? 1 : 0
    return (/^bc1/i.test(value) ? isBech32Address(value) : isBase58Address(value)) ? 1 : 0
  },
}

const BANK_ACCOUNT: Shape = {
  kind: 'bank_account',
  pattern: new RegExp(`${OPEN}(?:\\d{2}-\\d{2}-\\d{2}|\\d{2,8}(?:[ -]\\d{2,8}){0,4})${CLOSE}`, 'g'),
  maxLength: 44,
  opening: DIGIT_RUN,
  gate: (profile) => profile.run >= 6,
  judge: judgeAccount,
}

function judgeAccount({ value, before }: Candidate): number {
  const digits = compact(value)
  if (digits.length < 6 || digits.length > 17 || words.OTHER_NUMBER.test(before)) return 0
  if (/^(?:19|20)\d{2}-?\d{2}-?\d{2}$/.test(value)) return 0
  const near = before.slice(-40)
  if (/^\d{2}-\d{2}-\d{2}$/.test(value)) return /sort.?code/i.test(near) ? 0.9 : 0
  if (/routing|aba\b/i.test(near) && digits.length === 9) return isUsRoutingNumber(digits) ? 1 : 0
  return words.ACCOUNT.test(near) && !words.PHONE.test(near) ? 0.75 : 0
}

/** Shapes of technical and financial identifiers. */
export const TECHNICAL: readonly Shape[] = [EMAIL, URL_CREDENTIALS, IP, MAC, CARD, IBAN, BIC, WALLET, BANK_ACCOUNT]
