/** LoRA adapters: merged numbers by hand, there and back through the form of PEFT, and what is refused. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ParameterValue, ParameterValues } from '../tensor/parameters.ts'
import { type LoraAdapter, adapterConfigOf, adapterOf, adapterTensorsOf, mergeAdapter } from './index.ts'

function matrix(rows: readonly (readonly number[])[]): ParameterValue {
  return { shape: [rows.length, rows[0]?.length ?? 0], data: Float32Array.from(rows.flat()) }
}

const Q = 'model.layers.0.self_attn.q_proj'
const UP = 'model.layers.0.mlp.up_proj'
const ADAPTER: LoraAdapter = {
  rank: 4,
  alpha: 8,
  layers: {
    [Q]: {
      a: matrix([
        [1, 2, 3],
        [0, 1, 0],
        [0, 0, 0],
        [1, 0, 0],
      ]),
      b: matrix([
        [1, 10, 5, 0],
        [0, 0, 5, -1],
      ]),
    },
  },
}
const BASE: ParameterValues = {
  [`${Q}.weight`]: matrix([
    [0.5, 0.5, 0.5],
    [100, 200, 300],
  ]),
  other: matrix([[7]]),
}
const CONFIG = { peft_type: 'LORA', r: 4, lora_alpha: 8, target_modules: ['q_proj'], bias: 'none' }

describe('merging', () => {
  test('W + (α/r)·B·A', () => {
    const merged = mergeAdapter(BASE, ADAPTER)
    // B·A is [[1, 12, 3], [−1, 0, 0]], the scale 2.
    expect([...(merged[`${Q}.weight`]?.data ?? [])]).toEqual([2.5, 24.5, 6.5, 98, 200, 300])
    expect(merged['other']).toBe(BASE['other'])
    expect([...(BASE[`${Q}.weight`]?.data ?? [])]).toEqual([0.5, 0.5, 0.5, 100, 200, 300])
    expect(Object.keys(merged)).toEqual(Object.keys(BASE))
  })

  test('rank-stabilised: α/√r', () => {
    const merged = mergeAdapter(BASE, { ...ADAPTER, rankStabilised: true })
    expect([...(merged[`${Q}.weight`]?.data ?? [])]).toEqual([4.5, 48.5, 12.5, 96, 200, 300])
  })

  test('an adapter of another model is refused', () => {
    expect(() => mergeAdapter({ other: matrix([[7]]) }, ADAPTER)).toThrow(`${Q} is [2, 3] in it and not there`)
    expect(() => mergeAdapter({ [`${Q}.weight`]: matrix([[1, 2]]) }, ADAPTER)).toThrow('is [2, 3] in it and [1, 2]')
    const wrong = { ...ADAPTER, rank: 2 }
    expect(() => mergeAdapter(BASE, wrong)).toThrow('must be A [2, from] and B [to, 2], not [4, 3] and [2, 4]')
  })
})

describe('the form of PEFT', () => {
  test('names and settings', () => {
    expect(Object.keys(adapterTensorsOf(ADAPTER))).toEqual([
      `base_model.model.${Q}.lora_A.weight`,
      `base_model.model.${Q}.lora_B.weight`,
    ])
    expect(adapterConfigOf(ADAPTER, 'base')).toMatchObject({
      peft_type: 'LORA',
      task_type: 'CAUSAL_LM',
      base_model_name_or_path: 'base',
      r: 4,
      lora_alpha: 8,
      target_modules: ['q_proj'],
      bias: 'none',
      fan_in_fan_out: false,
      use_rslora: false,
    })
    expect(adapterOf(CONFIG, adapterTensorsOf(ADAPTER))).toEqual(ADAPTER)
  })

  test('target modules are whole names where layers differ', () => {
    const layer = ADAPTER.layers[Q]
    if (layer === undefined) throw new Error('no layer')
    const targets = (...names: readonly string[]): unknown =>
      adapterConfigOf({ ...ADAPTER, layers: Object.fromEntries(names.map((name) => [name, layer])) })['target_modules']
    const second = Q.replace('.0.', '.1.')
    expect(targets(Q, second, UP, UP.replace('.0.', '.1.'))).toEqual(['q_proj', 'up_proj'])
    expect(targets(second)).toEqual([second])
    expect(targets(Q, second, UP)).toEqual([UP, Q, second])
    expect(targets('lm_head')).toEqual(['lm_head'])
  })

  test('what is written is read', () => {
    const adapters = fc
      .record({
        rank: fc.integer({ min: 1, max: 3 }),
        alpha: fc.double({ min: 0.1, max: 64, noNaN: true }),
        to: fc.integer({ min: 1, max: 3 }),
        from: fc.integer({ min: 1, max: 3 }),
        names: fc.uniqueArray(fc.constantFrom(Q, UP, 'model.layers.7.mlp.down_proj', 'lm_head'), { minLength: 1 }),
        stabilised: fc.boolean(),
      })
      .map(({ rank, alpha, to, from, names, stabilised }): LoraAdapter => {
        const value = (...shape: readonly [number, number]): ParameterValue => ({
          shape,
          data: Float32Array.from({ length: shape[0] * shape[1] }, (_, index) => index + alpha),
        })
        const layers = Object.fromEntries(names.map((name) => [name, { a: value(rank, from), b: value(to, rank) }]))
        return { rank, alpha, ...(stabilised ? { rankStabilised: true } : {}), layers }
      })
    fc.assert(
      fc.property(adapters, (adapter) => {
        const json: unknown = JSON.parse(JSON.stringify(adapterConfigOf(adapter)))
        expect(adapterOf(json, adapterTensorsOf(adapter))).toEqual(adapter)
      }),
    )
  })

  test.each<[string, object]>([
    ['use_dora: true', { use_dora: true }],
    ['fan_in_fan_out: true', { fan_in_fan_out: true }],
    ['bias "lora_only"', { bias: 'lora_only' }],
    ['modules_to_save ["lm_head"]', { modules_to_save: ['lm_head'] }],
    ['rank_pattern {"q_proj":2}', { rank_pattern: { q_proj: 2 } }],
    ['peft_type "IA3"', { peft_type: 'IA3' }],
    ['init_lora_weights "pissa"', { init_lora_weights: 'pissa' }],
    ['kasa_config {"beta":0.0001}', { kasa_config: { beta: 0.0001 } }],
    ['velora_config {"num_groups":32}', { velora_config: { num_groups: 32 } }],
    ['monteclora_config {"num_samples":8}', { monteclora_config: { num_samples: 8 } }],
    ['use_bdlora {"nblocks":2}', { use_bdlora: { nblocks: 2 } }],
    ['use_bdlora true', { use_bdlora: true }],
    ['lora_ga_config {"scale":"stable"}', { lora_ga_config: { scale: 'stable' } }],
    ['arrow_config {"top_k":3}', { arrow_config: { top_k: 3 } }],
    ['the unknown setting "use_next": true', { use_next: true }],
    ['the unknown setting "next_config": {"beta":0}', { next_config: { beta: 0 } }],
    ['the unknown setting "next_tokens": [1]', { next_tokens: [1] }],
  ])('refused: %s', (message, change) => {
    const read = (): LoraAdapter => adapterOf({ ...CONFIG, ...change }, adapterTensorsOf(ADAPTER))
    expect(read).toThrow(expect.objectContaining({ code: 'input_invalid' }))
    expect(read).toThrow(`${message}`)
    expect(read).toThrow('is not supported. Supported is plain LoRA')
  })

  test('settings that are off or only tell where the adapter came from are read over', () => {
    const off = { use_bdlora: null, kasa_config: null, velora_config: null, monteclora_config: false, arrow_config: {} }
    const told = { peft_version: '0.21.0', revision: null, auto_mapping: { parent_library: 'x' }, inference_mode: true }
    const start = { init_lora_weights: 'eva', eva_config: { rho: 2 }, corda_config: null, loftq_config: {} }
    const where = { exclude_modules: ['lm_head'], layers_to_transform: [0], layers_pattern: 'layers' }
    const unknown = { next_config: null, use_next: false, next_size: 16, next_author: 'x', next_list: [], next_map: {} }
    const config = { ...CONFIG, ...off, ...told, ...start, ...where, ...unknown, megatron_core: 'megatron.core' }
    expect(adapterOf(config, adapterTensorsOf(ADAPTER))).toEqual(ADAPTER)
  })

  test('tensors that are missing, left over or of another rank', () => {
    const tensors = adapterTensorsOf(ADAPTER)
    const without = (side: string): ParameterValues =>
      Object.fromEntries(Object.entries(tensors).filter(([name]) => !name.includes(side)))
    expect(() => adapterOf(CONFIG, without('lora_A'))).toThrow(`has no base_model.model.${Q}.lora_A.weight`)
    expect(() => adapterOf(CONFIG, without('lora_B'))).toThrow(`has no base_model.model.${Q}.lora_B.weight`)
    expect(() => adapterOf(CONFIG, {})).toThrow('has no tensors')
    const extra = { ...tensors, 'base_model.model.lm_head.weight': matrix([[1]]) }
    expect(() => adapterOf(CONFIG, extra)).toThrow('base_model.model.lm_head.weight is not part of plain LoRA')
    expect(() => adapterOf({ ...CONFIG, r: 2 }, tensors)).toThrow('must be A [2, from] and B [to, 2]')
    expect(() => adapterOf({ ...CONFIG, r: 0 }, tensors)).toThrow('r must be a whole number above 0')
  })
})
