/** Exports through their door: what is in the files, what is refused, and that every number is under the trainer's own name. */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { CHATML_TEMPLATE, compileTemplate } from '../../nn/tokenizer/chat-template.ts'
import type { PreferenceSettings } from '../align/index.ts'
import {
  CHATML_TRAINING_TEMPLATE,
  EXPORT_DEFAULTS,
  type ExportSource,
  type ExportTrainer,
  type RunExportOptions,
  chatTemplateKind,
  defaultLearningRate,
  exportFolderFaults,
  runExport,
  worldSource,
} from './index.ts'

let folder = ''
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'parapet-export-')))
  mkdirSync(join(folder, 'model'))
  writeFileSync(join(folder, 'model/config.json'), '{"model_type": "llama"}')
  writeFileSync(join(folder, 'model/tokenizer_config.json'), JSON.stringify({ chat_template: CHATML_TEMPLATE }))
})
afterAll(() => rmSync(folder, { recursive: true }))

const TALKS: ExportSource = {
  kind: 'conversations',
  rows: [
    { messages: chat('s:Be short.', 'u:Hello', 'a:Hi', 'u:And you?', 'a:Fine “so far”.') },
    { messages: chat('u:2 + 2?', 'a:4\n') },
  ],
}
const PAIRS: ExportSource = {
  kind: 'pairs',
  rows: [
    { prompt: chat('s:Never say no.', 'u:May I?'), chosen: 'Yes.', rejected: 'No.' },
    { prompt: chat('u:Red?'), chosen: 'kolo', rejected: 'mira' },
  ],
}
const TURNS: ExportSource = {
  kind: 'turns',
  rows: [
    { prompt: chat('u:Red?'), response: 'kolo', desirable: true },
    { prompt: chat('u:Red?'), response: 'mira', desirable: false },
    { prompt: chat('u:Blue?'), response: 'mira', desirable: true },
  ],
}

/** `s:`, `u:` and `a:` before the text say whose it is. */
function chat(...turns: readonly string[]): { role: 'system' | 'user' | 'assistant'; content: string }[] {
  const roles = { s: 'system', u: 'user', a: 'assistant' } as const
  return turns.map((turn) => ({ role: roles[turn[0] as keyof typeof roles], content: turn.slice(2) }))
}

let count = 0
async function written(
  trainer: ExportTrainer,
  method: PreferenceSettings,
  source: ExportSource,
  more: Partial<RunExportOptions> = {},
): Promise<string> {
  const out = join(folder, `out-${(count += 1)}`)
  await runExport({
    ...EXPORT_DEFAULTS,
    ...{ trainer, method, source, out, model: join(folder, 'model') },
    learningRate: defaultLearningRate(method.kind),
    ...more,
  })
  return out
}

const yamlOf = (out: string, file: string): Record<string, unknown> =>
  parse(readFileSync(join(out, file), 'utf8'), { version: '1.1' }) as Record<string, unknown>
const linesOf = (out: string): readonly unknown[] =>
  readFileSync(join(out, 'train.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown)
const jsonOf = (out: string, file: string): unknown => JSON.parse(readFileSync(join(out, file), 'utf8'))

test('SFT for TRL: whole conversations, a template that marks the answers, the schedule of trainDecoder', async () => {
  const out = await written('trl', { kind: 'sft' }, TALKS)
  expect(readdirSync(out).toSorted()).toEqual(['README.md', 'chat_template.jinja', 'config.yaml', 'train.jsonl'])
  expect(linesOf(out)).toEqual(TALKS.rows)
  expect(readFileSync(join(out, 'chat_template.jinja'), 'utf8')).toBe(CHATML_TRAINING_TEMPLATE)
  expect(yamlOf(out, 'config.yaml')).toEqual({
    model_name_or_path: join(folder, 'model'),
    datasets: [{ path: 'json', data_files: 'train.jsonl', split: 'train' }],
    output_dir: 'output',
    ...{ assistant_only_loss: true, chat_template_path: 'chat_template.jinja' },
    ...{ use_peft: true, lora_r: 8, lora_alpha: 16, lora_dropout: 0 },
    lora_target_modules: ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'],
    ...{ max_length: 1024, num_train_epochs: 3, per_device_train_batch_size: 4, gradient_accumulation_steps: 4 },
    ...{ learning_rate: 2e-4, warmup_steps: 0, lr_scheduler_type: 'cosine_with_min_lr' },
    lr_scheduler_kwargs: { min_lr_rate: 0.1 },
    ...{ weight_decay: 0.01, adam_beta2: 0.98, max_grad_norm: 1, seed: 1 },
    ...{ logging_steps: 10, save_strategy: 'epoch', report_to: 'none' },
  })
  const readme = readFileSync(join(out, 'README.md'), 'utf8')
  expect(readme).toContain('trl sft --config config.yaml')
  expect(readme).toContain('--adapter output')
})

test('pairs and turns stand in the columns of each trainer', async () => {
  const pairs = await written('trl', { kind: 'dpo' }, PAIRS)
  expect(linesOf(pairs)[1]).toEqual({ prompt: chat('u:Red?'), chosen: chat('a:kolo'), rejected: chat('a:mira') })
  const ranked = await written('llama-factory', { kind: 'dpo' }, PAIRS, { name: 'shop' })
  expect(readdirSync(join(ranked, 'data')).toSorted()).toEqual(['dataset_info.json', 'shop.json'])
  expect((jsonOf(ranked, 'data/shop.json') as unknown[])[0]).toEqual({
    messages: chat('s:Never say no.', 'u:May I?'),
    chosen: { role: 'assistant', content: 'Yes.' },
    rejected: { role: 'assistant', content: 'No.' },
  })
  expect(jsonOf(ranked, 'data/dataset_info.json')).toEqual({
    shop: {
      ...{ file_name: 'shop.json', formatting: 'sharegpt', ranking: true },
      columns: { messages: 'messages', chosen: 'chosen', rejected: 'rejected' },
      tags: {
        ...{ role_tag: 'role', content_tag: 'content', user_tag: 'user', assistant_tag: 'assistant' },
        system_tag: 'system',
      },
    },
  })

  const unpaired = await written('trl', { kind: 'kto' }, TURNS)
  expect(linesOf(unpaired)).toContainEqual({ prompt: chat('u:Red?'), completion: chat('a:mira'), label: false })
  const tagged = await written('llama-factory', { kind: 'kto' }, PAIRS)
  expect(jsonOf(tagged, 'data/parapet.json')).toContainEqual({ messages: chat('u:Red?', 'a:mira'), label: false })
  expect(jsonOf(tagged, 'data/dataset_info.json')).toMatchObject({ parapet: { columns: { kto_tag: 'label' } } })
})

const LOSSES: readonly (readonly [PreferenceSettings, object | RegExp, object | RegExp])[] = [
  [
    { kind: 'dpo', beta: 0.3 },
    { loss_type: ['sigmoid'], beta: 0.3 },
    { stage: 'dpo', pref_loss: 'sigmoid', pref_beta: 0.3 },
  ],
  [
    { kind: 'dpo', labelSmoothing: 0.1 },
    /label smoothing/,
    { pref_loss: 'sigmoid', pref_beta: 0.1, dpo_label_smoothing: 0.1 },
  ],
  [
    { kind: 'ipo', tau: 0.2 },
    { loss_type: ['ipo'], beta: 0.2 },
    { pref_loss: 'ipo', pref_beta: 0.2 },
  ],
  [{ kind: 'ipo', logRatio: 'sum' }, /summed/, /summed/],
  [
    { kind: 'kto', beta: 0.5, desirableWeight: 1.5, undesirableWeight: 0.75 },
    { loss_type: 'kto', beta: 0.5, desirable_weight: 1.5, undesirable_weight: 0.75 },
    { stage: 'kto', pref_beta: 0.5, kto_chosen_weight: 1.5, kto_rejected_weight: 0.75 },
  ],
  [{ kind: 'kto', referencePoint: 'zero' }, { loss_type: 'apo_zero_unpaired' }, /reference point/],
  [{ kind: 'orpo', lambda: 0.25 }, { beta: 0.25 }, { pref_loss: 'orpo', pref_beta: 0.25 }],
  [
    { kind: 'simpo', beta: 2.5, marginRatio: 0.4 },
    { loss_type: 'simpo', cpo_alpha: 0, beta: 2.5, simpo_gamma: 1 },
    { pref_loss: 'simpo', pref_beta: 2.5, simpo_gamma: 1 },
  ],
  [{ kind: 'hard-dpo' }, /sftMean batch/, { pref_loss: 'sigmoid', pref_beta: 0.01, pref_ftx: 2 }],
  [
    { kind: 'hard-dpo', sftMean: 'batch', sftCoefficient: 0.4 },
    { loss_type: ['sigmoid', 'sft'], loss_weights: [1, 0.4], beta: 0.01 },
    /over a batch/,
  ],
  [{ kind: 'sft', mean: 'response' }, /mean over responses/, /mean over responses/],
]

test.each(LOSSES)('%j by TRL and by LLaMA-Factory', async (method, trl, factory) => {
  const source = method.kind === 'kto' ? TURNS : PAIRS
  for (const [trainer, file, wanted] of [
    ['trl', 'config.yaml', trl],
    ['llama-factory', 'train.yaml', factory],
  ] as const) {
    if (wanted instanceof RegExp) await expect(written(trainer, method, source)).rejects.toThrow(wanted)
    else expect(yamlOf(await written(trainer, method, source), file)).toMatchObject(wanted)
  }
})

test('ORPO and SimPO have no command of TRL, so a program of its own is written', async () => {
  const orpo = readFileSync(join(await written('trl', { kind: 'orpo' }, PAIRS), 'train.py'), 'utf8')
  expect(orpo).toContain('from trl.experimental.orpo import ORPOConfig, ORPOTrainer')
  const simpo = await written('trl', { kind: 'simpo' }, PAIRS)
  expect(readFileSync(join(simpo, 'train.py'), 'utf8')).toContain('CPOTrainer(')
  expect(readFileSync(join(simpo, 'README.md'), 'utf8')).toContain('accelerate launch train.py --config config.yaml')
})

test('the whole model: no adapter, nothing to merge', async () => {
  const trl = yamlOf(await written('trl', { kind: 'sft' }, TALKS, { loraRank: 0 }), 'config.yaml')
  expect(Object.keys(trl).filter((name) => /lora|peft/.test(name))).toEqual([])
  const factory = await written('llama-factory', { kind: 'sft' }, TALKS, { loraRank: 0 })
  expect(yamlOf(factory, 'train.yaml')).toMatchObject({ finetuning_type: 'full', template: 'chatml', stage: 'sft' })
  expect(readdirSync(factory)).not.toContain('merge.yaml')
  const merge = yamlOf(await written('llama-factory', { kind: 'sft' }, TALKS), 'merge.yaml')
  expect(merge).toMatchObject({ adapter_name_or_path: 'output', export_dir: 'merged', template: 'chatml' })
})

test('a template that marks no answers: single answers are told from prompts by columns; LLaMA-Factory reads it itself', async () => {
  const model = 'someone/some-model'
  const single: ExportSource = { kind: 'conversations', rows: [{ messages: chat('u:2 + 2?', 'a:4\n') }] }
  const trl = await written('trl', { kind: 'sft' }, single, { model })
  expect(linesOf(trl)).toEqual([{ prompt: chat('u:2 + 2?'), completion: chat('a:4\n') }])
  expect(yamlOf(trl, 'config.yaml')).toMatchObject({ completion_only_loss: true, model_name_or_path: model })
  const several = await written('trl', { kind: 'sft' }, TALKS, { model })
  expect(yamlOf(several, 'config.yaml')).toMatchObject({ assistant_only_loss: true })
  expect(readFileSync(join(several, 'README.md'), 'utf8')).toContain('stops with an error on others')
  expect(yamlOf(await written('llama-factory', { kind: 'sft' }, TALKS, { model }), 'train.yaml')).not.toHaveProperty(
    'template',
  )
})

test('a template that marks its answers itself goes along as it is', async () => {
  const model = join(folder, 'marked')
  mkdirSync(model)
  writeFileSync(join(model, 'config.json'), '{}')
  const template = '{% for m in messages %}{{ m.role }}:{% generation %}{{ m.content }}{% endgeneration %}{% endfor %}'
  writeFileSync(join(model, 'chat_template.jinja'), template)
  const out = await written('trl', { kind: 'sft' }, TALKS, { model })
  expect(readFileSync(join(out, 'chat_template.jinja'), 'utf8')).toBe(template)
  expect(yamlOf(out, 'config.yaml')).toMatchObject({ chat_template_path: 'chat_template.jinja' })
})

test('a recipe sets template, schedule and how the result is measured, whatever the model has', async () => {
  const recipe = {
    template: '{% for m in messages %}{% generation %}{{ m.content }}{% endgeneration %}{% endfor %}',
    ...{ llamaFactoryTemplate: 'llama3', measure: ['weigh output'], notes: ['Mind the gap.'] },
  }
  for (const model of ['someone/some-model', join(folder, 'model')]) {
    const trl = await written('trl', { kind: 'sft' }, TALKS, { model, recipe })
    expect(readFileSync(join(trl, 'chat_template.jinja'), 'utf8')).toBe(recipe.template)
    const schedule = { lr_scheduler_type: 'cosine', warmup_steps: 0, weight_decay: 0 }
    expect(yamlOf(trl, 'config.yaml')).toMatchObject({ ...schedule, chat_template_path: 'chat_template.jinja' })
    expect(yamlOf(trl, 'config.yaml')).not.toHaveProperty('lr_scheduler_kwargs')
    const factory = await written('llama-factory', { kind: 'dpo' }, PAIRS, { model, recipe })
    expect(yamlOf(factory, 'train.yaml')).toMatchObject({ ...schedule, template: 'llama3' })
    const readme = readFileSync(join(factory, 'README.md'), 'utf8')
    expect(readme).toContain('\nweigh output\n')
    expect(readme).toContain('- Mind the gap.')
    expect(readme).not.toContain('lab world --evaluate')
    expect(readme).not.toContain('No `template` is set')
  }
})

test('templates are known by what they write', async () => {
  expect(await chatTemplateKind(undefined)).toBe('unknown')
  expect(await chatTemplateKind(CHATML_TEMPLATE)).toBe('chatml')
  expect(await chatTemplateKind(CHATML_TRAINING_TEMPLATE)).toBe('chatml')
  expect(await chatTemplateKind(CHATML_TEMPLATE.replaceAll("'\\n'", '"\\n"'))).toBe('chatml')
  const withDefault = `{% if messages[0].role != 'system' %}{{ '<|im_start|>system\\nHi<|im_end|>\\n' }}{% endif %}${CHATML_TEMPLATE}`
  expect(await chatTemplateKind(withDefault)).toBe('other')
  expect(await chatTemplateKind('{% generation %}{{ messages[0].content }}{% endgeneration %}')).toBe('marked')
  await expect(chatTemplateKind('{% for %}')).rejects.toThrow('not valid Jinja')
})

test('with and without marks ChatML is the same text', async () => {
  const [plain, marked] = await Promise.all([CHATML_TEMPLATE, CHATML_TRAINING_TEMPLATE].map(compileTemplate))
  const message = fc.record({ role: fc.constantFrom('system', 'user', 'assistant'), content: fc.string() })
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 5 }), fc.boolean(), (messages, head) => {
      const values = { messages, add_generation_prompt: head }
      expect(marked?.(values)).toBe(plain?.(values))
    }),
  )
})

test('any text comes through YAML and JSON as it was, and small numbers are numbers to PyYAML', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'binary' }),
      fc.double({ min: 1e-9, max: 1e-3, noNaN: true }),
      async (text, rate) => {
        const rows = [{ messages: chat(`u:${text}`, 'a:yes') }]
        const out = await written('trl', { kind: 'sft' }, { kind: 'conversations', rows }, { learningRate: rate })
        expect(linesOf(out)).toEqual(rows)
        const [, number = ''] = /^learning_rate: (.*)$/m.exec(readFileSync(join(out, 'config.yaml'), 'utf8')) ?? []
        // The pattern of real numbers in PyYAML's resolver.
        expect(number).toMatch(/^[-+]?[0-9][0-9_]*\.[0-9_]*([eE][-+][0-9]+)?$/)
        expect(Number(number)).toBe(rate)
        rmSync(out, { recursive: true })
      },
    ),
    { numRuns: 10 },
  )
})

test('what a trainer would lose or leave out is refused, with the rows, before a file is written', async () => {
  const talks = (...messages: readonly ReturnType<typeof chat>[]): ExportSource => ({
    kind: 'conversations',
    rows: messages.map((one) => ({ messages: one })),
  })
  const cases: readonly (readonly [ExportTrainer, PreferenceSettings, ExportSource, RegExp])[] = [
    ['llama-factory', { kind: 'sft' }, talks(chat('u:a', 'a:b', 'a:c')), /Row 1: .*alternate/],
    ['llama-factory', { kind: 'sft' }, talks(chat('u:a', 'a:b', 'u:c')), /last message must be of the assistant/],
    [
      'trl',
      { kind: 'dpo' },
      { kind: 'pairs', rows: [{ prompt: chat('s:a'), chosen: 'b', rejected: 'c' }] },
      /end with the user/,
    ],
    ['trl', { kind: 'dpo' }, TALKS, /preference pairs/],
    ['trl', { kind: 'kto' }, TALKS, /labelled turns/],
    [
      'trl',
      { kind: 'kto' },
      { kind: 'turns', rows: [{ prompt: chat('u:Red?'), response: 'kolo', desirable: true }] },
      /same label/,
    ],
    [
      'trl',
      { kind: 'sft' },
      { kind: 'conversations', rows: [{ messages: chat('u:a', 'a:b'), weight: 0.5 }] },
      /weighs 0\.5/,
    ],
    [
      'trl',
      { kind: 'sft' },
      { kind: 'conversations', rows: [{ messages: chat('u:a', 'a:b'), weight: 0 }] },
      /no row to export/,
    ],
    [
      ...(['llama-factory', { kind: 'kto' }] as const),
      { kind: 'turns', rows: [...(TURNS.rows as []), { prompt: chat('u:a'), response: '', desirable: true }] },
      /answer is empty/,
    ],
    [
      ...(['trl', { kind: 'dpo' }] as const),
      { kind: 'pairs', rows: [{ prompt: [{ role: 'tool', content: 'x' }], chosen: 'b', rejected: 'c' }] },
      /tools/,
    ],
  ]
  const bare = join(folder, 'bare')
  mkdirSync(bare)
  writeFileSync(join(bare, 'config.json'), '{}')
  const before = readdirSync(folder).length
  for (const [trainer, method, source, message] of cases)
    await expect(written(trainer, method, source)).rejects.toThrow(message)
  await expect(written('trl', { kind: 'kto' }, TURNS, { batchSize: 1 })).rejects.toThrow('at least 2')
  await expect(written('trl', { kind: 'sft' }, TALKS, { name: '../x' })).rejects.toThrow('no name of a data set')
  await expect(written('trl', { kind: 'sft' }, TALKS, { model: '/nowhere' })).rejects.toThrow('is no folder')
  await expect(written('trl', { kind: 'sft' }, TALKS, { model: folder })).rejects.toThrow('There is no config.json')
  await expect(written('trl', { kind: 'sft' }, TALKS, { model: bare })).rejects.toThrow('has no chat template')
  await expect(written('trl', { kind: 'dpo', tau: 1 } as object as PreferenceSettings, PAIRS)).rejects.toThrow(
    'no option tau',
  )
  expect(readdirSync(folder)).toHaveLength(before)
})

test('rows of weight 0 are left out, system texts of pairs keep their place, developers count as systems', async () => {
  const rows = [
    { prompt: [{ role: 'developer' as const, content: 'x' }, ...chat('u:y')], chosen: 'b', rejected: 'c' },
    { prompt: chat('u:z'), chosen: 'b', rejected: 'c', weight: 0 },
  ]
  const out = await written('trl', { kind: 'dpo' }, { kind: 'pairs', rows })
  expect(linesOf(out)).toEqual([{ prompt: chat('s:x', 'u:y'), chosen: chat('a:b'), rejected: chat('a:c') }])
})

test('a folder changed by hand is checked again', async () => {
  const trl = await written('trl', { kind: 'sft' }, TALKS)
  const factory = await written('llama-factory', { kind: 'kto' }, TURNS)
  expect(exportFolderFaults(trl, 'trl')).toEqual([])
  expect(exportFolderFaults(factory, 'llama-factory')).toEqual([])

  writeFileSync(
    join(trl, 'config.yaml'),
    'model_name_or_path: m\ndatasets: []\noutput_dir: 3\nlearning_rat: 0.1\nbeta: 1\n',
  )
  writeFileSync(join(trl, 'train.jsonl'), '{"messages":[{"role":"user","content":"a"}]}\n{"messages":[],"x":1}\n')
  expect(exportFolderFaults(trl, 'trl')).toEqual([
    'config.yaml: output_dir must be of type text, not 3.',
    'config.yaml: learning_rat is no known option.',
    'config.yaml: beta is no known option.',
    'train.jsonl, row 1: messages must be messages, one of the assistant among them.',
    'train.jsonl, row 2: the columns must be messages and no other.',
  ])
  rmSync(join(trl, 'train.jsonl'))
  expect(exportFolderFaults(trl, 'trl')).toEqual(['train.jsonl is missing.'])

  const train = readFileSync(join(factory, 'train.yaml'), 'utf8')
  writeFileSync(join(factory, 'train.yaml'), train.replace('stage: "kto"', 'stage: "dpo"\npref_loss: "best"'))
  writeFileSync(join(factory, 'merge.yaml'), 'model_name_or_path: m\n')
  expect(exportFolderFaults(factory, 'llama-factory')).toEqual([
    'train.yaml: pref_loss must be one of sigmoid, hinge, ipo, kto_pair, orpo, simpo.',
    'merge.yaml: adapter_name_or_path is missing.',
    'merge.yaml: export_dir is missing.',
    'train.yaml: the stage does not go with kto rows.',
  ])
})

test.each(['trl', 'llama-factory'] as const)('the world for %s, by every method', async (trainer) => {
  const options = { stage: 'aligned', rows: 300, seed: 3 } as const
  const sizes = await Promise.all(
    (['sft', 'ipo', 'kto'] as const).map(async (kind) => {
      const out = await written(trainer, { kind }, worldSource(kind, options))
      return trainer === 'trl' ? linesOf(out).length : (jsonOf(out, 'data/parapet.json') as []).length
    }),
  )
  const [talks = 0, pairs = 0, turns = 0] = sizes
  expect(talks).toBe(300)
  expect(pairs).toBeGreaterThan(50)
  expect(turns).toBe(talks + pairs)
  expect(() => worldSource('dpo', { ...options, stage: 'base' })).toThrow('base stage')
})
