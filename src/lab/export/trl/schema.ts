/**
 * What TRL 1.13.0 takes, and what is wrong with a folder that was written for it. Options are the fields of the classes that
 * `trl METHOD --config` parses, which stops at any other; rows are the conversational forms of docs/source/dataset_formats.md.
 *
 * Sources, all of the released package: trl/trainer/{sft,dpo,kto}_config.py, trl/experimental/{orpo/orpo,cpo/cpo}_config.py,
 * trl/trainer/model_config.py, trl/scripts/utils.py (`ScriptArguments`, `DatasetMixtureConfig`, `DatasetConfig`), trl/data_utils.py
 * (`apply_chat_template`: a prompt must end with the user's turn for an answer to begin).
 */
import { type FieldSchema, fieldFaults, fields, hasExactly, isMapping } from '../field-schema.ts'
import { TRAINING_FIELDS } from '../training-fields.ts'
import type { TrlMethod } from './options.ts'
import type { TrlColumns } from './rows.ts'

const SHARED: FieldSchema = {
  ...TRAINING_FIELDS,
  ...fields({
    text: `dataset_name dataset_config dataset_train_split dataset_test_split model_name_or_path model_revision dtype
      attn_implementation lora_task_type bnb_4bit_quant_type bnb_4bit_quant_storage`,
    flag: `dataset_streaming ignore_bias_buffers streaming use_peft use_rslora use_dora load_in_8bit load_in_4bit
      use_bnb_nested_quant trust_remote_code`,
    list: 'datasets lora_target_modules lora_target_parameters lora_modules_to_save',
    map: 'model_init_kwargs',
    whole: 'lora_r lora_alpha max_length dataset_num_proc',
    real: 'test_split_size lora_dropout',
  }),
}

const OWN: Readonly<Record<TrlMethod, FieldSchema>> = {
  sft: fields({
    text: 'chat_template_path dataset_text_field eos_token truncation_mode packing_strategy loss_type pad_token',
    flag: `shuffle_dataset packing padding_free eval_packing completion_only_loss assistant_only_loss
      activation_offloading`,
    whole: 'pad_to_multiple_of',
    real: 'router_aux_loss_coef',
    map: 'dataset_kwargs',
  }),
  dpo: fields({
    list: 'loss_type loss_weights',
    text: 'truncation_mode f_divergence_type pad_token',
    real: `beta router_aux_loss_coef ld_alpha f_alpha_divergence_coef label_smoothing discopop_tau
      ref_model_mixup_alpha`,
    flag: `disable_dropout padding_free precompute_ref_log_probs use_weighting activation_offloading sync_ref_model`,
    whole: 'pad_to_multiple_of precompute_ref_batch_size ref_model_sync_steps',
  }),
  kto: fields({
    text: 'loss_type',
    real: 'beta desirable_weight undesirable_weight router_aux_loss_coef ref_model_mixup_alpha',
    flag: 'disable_dropout precompute_ref_log_probs activation_offloading sync_ref_model',
    whole: 'pad_to_multiple_of precompute_ref_batch_size ref_model_sync_steps',
  }),
  orpo: fields({
    real: 'beta',
    whole: 'max_completion_length padding_value',
    flag: 'disable_dropout generate_during_eval is_encoder_decoder',
  }),
  cpo: fields({
    text: 'loss_type',
    real: 'beta label_smoothing cpo_alpha simpo_gamma alpha',
    whole: 'max_completion_length',
    flag: 'disable_dropout generate_during_eval is_encoder_decoder',
  }),
}

/** Loss types among those of each trainer that an export may ask for. */
const LOSS_TYPES: Partial<Readonly<Record<TrlMethod, readonly string[]>>> = {
  ...{ dpo: ['sigmoid', 'ipo', 'sft'], kto: ['kto', 'apo_zero_unpaired'], cpo: ['simpo'] },
}

const DATASET_FIELDS = fields({ text: 'path name data_dir data_files split', list: 'columns', real: 'fraction' })

/** What is wrong with a parsed `config.yaml`, one line each. */
export function trlConfigFaults(file: string, config: unknown, method: TrlMethod): readonly string[] {
  const needed = ['model_name_or_path', 'datasets', 'output_dir']
  const faults = fieldFaults(file, config, { ...SHARED, ...OWN[method] }, needed)
  if (!isMapping(config)) return faults
  const { datasets, loss_type: lossType, loss_weights: lossWeights } = config
  const types: readonly unknown[] = Array.isArray(lossType) ? lossType : lossType === undefined ? [] : [lossType]
  return [
    ...faults,
    ...(Array.isArray(datasets) ? datasets : []).flatMap((dataset) =>
      fieldFaults(`${file}, datasets`, dataset, DATASET_FIELDS, ['path']),
    ),
    ...types
      .filter((type) => !(LOSS_TYPES[method] ?? []).includes(String(type)))
      .map((type) => `${file}: loss_type ${JSON.stringify(type)} is none of ${method}.`),
    ...(Array.isArray(lossWeights) && lossWeights.length !== types.length
      ? [`${file}: loss_weights must be as many as loss_type.`]
      : []),
  ]
}

const COLUMNS: Readonly<Record<TrlColumns, readonly string[]>> = {
  messages: ['messages'],
  'prompt-completion': ['prompt', 'completion'],
  preference: ['prompt', 'chosen', 'rejected'],
  unpaired: ['prompt', 'completion', 'label'],
}

/** What keeps a parsed row from being one of TRL's; nothing if it is one. */
export function trlRowFault(row: unknown, columns: TrlColumns): string | undefined {
  const names = COLUMNS[columns]
  if (!hasExactly(row, names)) return `the columns must be ${names.join(', ')} and no other`
  const { messages, prompt, label, ...answers } = row
  if (names.includes('label') && typeof label !== 'boolean') return 'label must be true or false'
  for (const [name, value] of Object.entries(answers))
    if (!(isChat(value) && value.length === 1 && value[0]?.role === 'assistant'))
      return `${name} must be one message of the assistant`
  if (names.includes('prompt') && !(isChat(prompt) && prompt.at(-1)?.role === 'user'))
    return 'prompt must be messages that end with the user'
  if (names.includes('messages') && !(isChat(messages) && messages.some(({ role }) => role === 'assistant')))
    return 'messages must be messages, one of the assistant among them'
  return undefined
}

interface RoleAndContent {
  readonly role: string
  readonly content: string
}

/** Texts with roles, a system message only as the first. */
function isChat(value: unknown): value is readonly RoleAndContent[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every(
      (message: unknown, at) =>
        hasExactly(message, ['role', 'content']) &&
        typeof message['content'] === 'string' &&
        (message['role'] === 'user' || message['role'] === 'assistant' || (message['role'] === 'system' && at === 0)),
    )
  )
}
