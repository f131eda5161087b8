/** Files of masks, and what masks do to weights. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DecoderConfig, initialDecoder } from '../../../nn/decoder/config.ts'
import { auditedLinears, auditedRanks, auditedWeights } from '../audited-linears.ts'
import { rewind } from '../freezing.ts'
import { BitMask } from './bit-mask.ts'
import { headMasks, randomMasks } from './layer-masks.ts'
import { frozenBytes, readMasks, writeMasks } from './mask-file.ts'
import { chosenWeights, pruneWeights } from './prune.ts'

const CONFIG: DecoderConfig = {
  ...{ architecture: 'llama', vocabularySize: 8, width: 6, layers: 2, heads: 3, keyValueHeads: 3, headWidth: 2 },
  ...{ feedForward: 10, maxLength: 16, ropeTheta: 10_000, epsilon: 1e-5, tiedEmbeddings: true },
}
const parameters = initialDecoder(CONFIG, 1)

describe('a file of masks', () => {
  it('comes back as it was written', () => {
    const place = fc.uniqueArray(fc.nat(20), { maxLength: 21 })
    fc.assert(
      fc.property(place, place, fc.string(), (one, other, about) => {
        const masks = new Map([
          ['a.weight', BitMask.of(21, one)],
          ['b.weight', BitMask.of(21, other)],
        ])
        const read = readMasks(writeMasks({ model: 'abc', about, masks }), 'x.masks')
        expect(read.about).toBe(about)
        expect(read.model).toBe('abc')
        expect([...read.masks].map(([name, mask]) => [name, [...mask.places()]])).toEqual([
          ['a.weight', one.toSorted((x, y) => x - y)],
          ['b.weight', other.toSorted((x, y) => x - y)],
        ])
      }),
    )
  })

  it('is refused when it is something else, cut short or altered', () => {
    const bytes = writeMasks({ model: 'abc', about: 'all', masks: new Map([['a', BitMask.of(99, [3])]]) })
    for (const wrong of [
      new Uint8Array(),
      bytes.slice(0, 40),
      bytes.slice(0, -1),
      new TextEncoder().encode('{"a":[1]}'),
    ])
      expect(() => readMasks(wrong, 'x.masks')).toThrow(/x\.masks is no file of masks/)
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const altered = bytes.slice()
        altered[at] = (altered[at] ?? 0) ^ change
        expect(() => readMasks(altered, 'x.masks')).toThrow(expect.objectContaining({ code: 'input_invalid' }))
      }),
    )
  })

  it('gives a byte a weight for tunings', () => {
    expect(frozenBytes(new Map([['a', BitMask.of(4, [1, 3])]]))).toEqual({ a: Uint8Array.of(0, 1, 0, 1) })
  })
})

describe('pruning', () => {
  it('sets what is chosen to 0 and leaves all else bit for bit as it is', () => {
    const masks = randomMasks(CONFIG, 0.25, 7)
    const before = Object.fromEntries(Object.entries(parameters).map(([name, { data }]) => [name, data.slice()]))
    const pruned = pruneWeights(parameters, masks)
    for (const [name, { data }] of Object.entries(parameters)) {
      expect(data).toEqual(before[name])
      const mask = masks.get(name)
      pruned[name]?.data.forEach((value, at) => expect(value).toBe(mask?.has(at) === true ? 0 : data[at]))
    }
    const share = chosenWeights(masks) / auditedWeights(auditedLinears(CONFIG))
    expect(share).toBeCloseTo(0.25, 2)
  })

  it('refuses masks of another model', () => {
    expect(() => pruneWeights(parameters, new Map([['x', new BitMask(4)]]))).toThrow('x is missing')
    const name = 'model.layers.0.mlp.up_proj.weight'
    expect(() => pruneWeights(parameters, new Map([[name, new BitMask(4)]]))).toThrow('is for 4 weights')
  })

  it('takes a head by the rows that make it and the columns that read it', () => {
    const masks = headMasks(CONFIG, [{ layer: 1, head: 2 }])
    const places = (name: string): readonly number[] => [
      ...(masks.get(`model.layers.1.self_attn.${name}.weight`)?.places() ?? []),
    ]
    const rows = Array.from({ length: 12 }, (_, at) => 24 + at)
    for (const name of ['q_proj', 'k_proj', 'v_proj']) expect(places(name)).toEqual(rows)
    expect(places('o_proj')).toEqual([4, 5, 10, 11, 16, 17, 22, 23, 28, 29, 34, 35])
    expect(chosenWeights(masks)).toBe(4 * 12)
    // Shared keys and values stay for the other heads of the group.
    const shared = { ...CONFIG, heads: 4, keyValueHeads: 2, width: 8 }
    expect(
      headMasks(shared, [{ layer: 0, head: 3 }])
        .get('model.layers.0.self_attn.k_proj.weight')
        ?.count(),
    ).toBe(0)
  })

  it('is undone for chosen weights by rewinding', () => {
    const name = 'model.layers.0.mlp.gate_proj.weight'
    const tuned = Object.fromEntries(
      Object.entries(parameters).map(([key, { shape, data }]) => [
        key,
        { shape, data: data.map((value) => value + 1) },
      ]),
    )
    const mask = BitMask.of(60, [0, 7, 59])
    const rewound = rewind(tuned, parameters, new Map([[name, mask]]))
    rewound[name]?.data.forEach((value, at) => expect(value).toBe((mask.has(at) ? parameters : tuned)[name]?.data[at]))
    expect(rewound['model.norm.weight']).toBe(tuned['model.norm.weight'])
  })
})

it('counts the weights and ranks of linear layers alone', () => {
  const linears = auditedLinears(CONFIG)
  expect(auditedWeights(linears)).toBe(2 * (4 * 36 + 3 * 60))
  expect(auditedRanks(linears)).toBe(2 * 7 * 6)
})
