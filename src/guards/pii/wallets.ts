/**
 * Checksums of cryptocurrency addresses: Bitcoin Base58Check, Bech32 and Bech32m (BIP 173, BIP 350), Ethereum (EIP-55).
 *
 * An Ethereum address in one letter case carries no checksum; only its shape is checked then.
 */
import { keccak256, sha256 } from './digest.ts'

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** Bitcoin main-net address of type P2PKH (1…) or P2SH (3…). */
export function isBase58Address(text: string): boolean {
  let number = 0n
  for (const char of text) {
    const digit = BASE58.indexOf(char)
    if (digit < 0) return false
    number = number * 58n + BigInt(digit)
  }
  const bytes = new Uint8Array(25)
  for (let index = 24; index >= 0; index--) {
    bytes[index] = Number(number & 0xffn)
    number >>= 8n
  }
  if (number !== 0n || (bytes[0] !== 0 && bytes[0] !== 5)) return false
  const check = sha256(sha256(bytes.subarray(0, 21)))
  for (let index = 0; index < 4; index++) if (check[index] !== bytes[21 + index]) return false
  return true
}

const BECH32 = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
const BECH32_GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3]

/** Bitcoin main-net segregated-witness address (bc1…), all lower or all upper case. */
export function isBech32Address(text: string): boolean {
  const lower = text.toLowerCase()
  if ((text !== lower && text !== text.toUpperCase()) || !lower.startsWith('bc1')) return false
  const values = [3, 3, 0, 2, 3]
  for (const char of lower.slice(3)) values.push(BECH32.indexOf(char))
  if (values.includes(-1)) return false
  let check = 1
  for (const value of values) {
    const top = check >>> 25
    check = ((check & 0x1ffffff) << 5) ^ value
    for (let bit = 0; bit < 5; bit++) if (((top >>> bit) & 1) === 1) check ^= BECH32_GENERATOR[bit] ?? 0
  }
  // Witness version 0 uses Bech32, later ones Bech32m.
  return check === (lower.charAt(3) === 'q' ? 1 : 0x2bc830a3)
}

/** Ethereum address; in mixed case the case must follow EIP-55. */
export function isEthereumAddress(text: string): boolean {
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) return false
  const body = text.slice(2)
  const lower = body.toLowerCase()
  if (body === lower || body === body.toUpperCase()) return true
  const hash = keccak256(Uint8Array.from(lower, (char) => char.charCodeAt(0)))
  for (let index = 0; index < 40; index++) {
    const nibble = ((hash[index >> 1] ?? 0) >> (index % 2 === 0 ? 4 : 0)) & 15
    const char = lower.charAt(index)
    if (body.charAt(index) !== (nibble >= 8 ? char.toUpperCase() : char)) return false
  }
  return true
}
