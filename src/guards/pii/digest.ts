/**
 * SHA-256 (FIPS 180-4) and Keccak-256 (the original padding, as Ethereum uses it), synchronous.
 *
 * Only for checksums of wallet addresses, a few dozen bytes at a time: WebCrypto is asynchronous and has no Keccak. Not meant for
 * secrets or for large inputs.
 */

const ROUND_CONSTANTS: Uint32Array = primeFractions(64, 1 / 3)
const INITIAL_STATE: Uint32Array = primeFractions(8, 1 / 2)

/** First 32 bits of the fractional parts of the roots of the first primes. */
function primeFractions(count: number, power: number): Uint32Array {
  const words = new Uint32Array(count)
  for (let candidate = 2, found = 0; found < count; candidate++) {
    let prime = true
    for (let divisor = 2; divisor * divisor <= candidate; divisor++) if (candidate % divisor === 0) prime = false
    if (!prime) continue
    const root = candidate ** power
    words[found++] = Math.floor((root - Math.floor(root)) * 0x1_0000_0000)
  }
  return words
}

function rotateRight(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits))
}

/** SHA-256 of `message`. */
export function sha256(message: Uint8Array): Uint8Array {
  const padded = new Uint8Array((((message.length + 8) >> 6) + 1) << 6)
  padded.set(message)
  padded[message.length] = 0x80
  const data = new DataView(padded.buffer)
  data.setUint32(padded.length - 4, message.length * 8)
  const state = INITIAL_STATE.slice()
  const schedule = new Uint32Array(64)
  for (let block = 0; block < padded.length; block += 64) compress(state, schedule, data, block)
  const out = new DataView(new ArrayBuffer(32))
  state.forEach((word, index) => out.setUint32(index * 4, word))
  return new Uint8Array(out.buffer)
}

function compress(state: Uint32Array, w: Uint32Array, data: DataView, block: number): void {
  for (let t = 0; t < 64; t++) {
    if (t < 16) {
      w[t] = data.getUint32(block + t * 4)
      continue
    }
    const w15 = w[t - 15] ?? 0
    const w2 = w[t - 2] ?? 0
    const small0 = rotateRight(w15, 7) ^ rotateRight(w15, 18) ^ (w15 >>> 3)
    const small1 = rotateRight(w2, 17) ^ rotateRight(w2, 19) ^ (w2 >>> 10)
    w[t] = (w[t - 16] ?? 0) + small0 + (w[t - 7] ?? 0) + small1
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state
  for (let t = 0; t < 64; t++) {
    const big1 = rotateRight(e, 6) ^ rotateRight(e, 11) ^ rotateRight(e, 25)
    const first = (h + big1 + ((e & f) ^ (~e & g)) + (ROUND_CONSTANTS[t] ?? 0) + (w[t] ?? 0)) | 0
    const big0 = rotateRight(a, 2) ^ rotateRight(a, 13) ^ rotateRight(a, 22)
    const second = (big0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
    ;[h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0]
  }
  const working = [a, b, c, d, e, f, g, h]
  for (let index = 0; index < 8; index++) state[index] = (state[index] ?? 0) + (working[index] ?? 0)
}

const LANE = 0xffff_ffff_ffff_ffffn
const KECCAK_RATE = 136

function rotateLane(lane: bigint, bits: number): bigint {
  const count = BigInt(bits % 64)
  return ((lane << count) | (lane >> (64n - count))) & LANE
}

/** Keccak-256 of `message`, with the padding of before FIPS 202. */
export function keccak256(message: Uint8Array): Uint8Array {
  const padded = new Uint8Array((Math.floor(message.length / KECCAK_RATE) + 1) * KECCAK_RATE)
  padded.set(message)
  padded[message.length] = (padded[message.length] ?? 0) | 0x01
  padded[padded.length - 1] = (padded[padded.length - 1] ?? 0) | 0x80
  const data = new DataView(padded.buffer)
  let state = new Array<bigint>(25).fill(0n)
  for (let block = 0; block < padded.length; block += KECCAK_RATE) {
    for (let lane = 0; lane < KECCAK_RATE / 8; lane++) {
      state[lane] = (state[lane] ?? 0n) ^ data.getBigUint64(block + lane * 8, true)
    }
    state = permuteKeccak(state)
  }
  const out = new DataView(new ArrayBuffer(32))
  for (let lane = 0; lane < 4; lane++) out.setBigUint64(lane * 8, state[lane] ?? 0n, true)
  return new Uint8Array(out.buffer)
}

/** Keccak-f[1600]; lanes stand at x + 5y. */
function permuteKeccak(input: readonly bigint[]): bigint[] {
  let a = [...input]
  let register = 1
  for (let round = 0; round < 24; round++) {
    const column = [0, 1, 2, 3, 4].map((x) => [0, 5, 10, 15, 20].reduce((sum, y) => sum ^ (a[x + y] ?? 0n), 0n))
    a = a.map((lane, index) => lane ^ (column[(index + 4) % 5] ?? 0n) ^ rotateLane(column[(index + 1) % 5] ?? 0n, 1))
    let x = 1
    let y = 0
    let current = a[1] ?? 0n
    for (let t = 0; t < 24; t++) {
      ;[x, y] = [y, (2 * x + 3 * y) % 5]
      const next = a[x + 5 * y] ?? 0n
      a[x + 5 * y] = rotateLane(current, ((t + 1) * (t + 2)) / 2)
      current = next
    }
    const b = a
    a = b.map((lane, index) => {
      const row = index - (index % 5)
      return lane ^ (~(b[row + ((index + 1) % 5)] ?? 0n) & LANE & (b[row + ((index + 2) % 5)] ?? 0n))
    })
    for (let bit = 0; bit < 7; bit++) {
      register = ((register << 1) ^ ((register >> 7) * 0x71)) & 0xff
      if ((register & 2) !== 0) a[0] = (a[0] ?? 0n) ^ (1n << ((1n << BigInt(bit)) - 1n))
    }
  }
  return a
}
