/**
 * What LLaMA-Factory takes, and what is wrong with files that were written for it. It stops at an option it does not know, and leaves
 * out a row that it does not like with no more than a warning, so the rows are checked as strictly as it does: after a system message
 * user and assistant alternate, SFT and KTO end with the assistant, prompts of pairs with the user, answers for KTO are not empty.
 *
 * Sources: hiyouga/LLaMA-Factory, src/llamafactory/hparams/{finetuning,model}_args.py at 00577a8, hparams/data_args.py at 1abb59e,
 * data/parser.py at 85b0f31 (`DatasetAttr.join`), data/converter.py at f816ae4 (`SharegptDatasetConverter`), data/processor/feedback.py
 * at 36dc24d (an empty desirable answer counts as undesirable). Of multimodal, quantised and other options only those are listed that
 * an export writes or that go with them.
 */
import { type FieldSchema, fieldFaults, fields, hasExactly, isMapping } from '../field-schema.ts'
import { TRAINING_FIELDS } from '../training-fields.ts'
import type { LlamaFactoryForm } from './rows.ts'

const MODEL: FieldSchema = fields({
  text: 'model_name_or_path adapter_name_or_path adapter_folder cache_dir model_revision flash_attn add_special_tokens',
  flag: `use_fast_tokenizer resize_vocab trust_remote_code low_cpu_mem_usage use_unsloth enable_liger_kernel
    disable_gradient_checkpointing upcast_layernorm upcast_lmhead_output`,
  whole: 'quantization_bit',
})

const FINETUNING: FieldSchema = fields({
  text: `stage finetuning_type lora_target additional_target pref_loss ref_model ref_model_adapters`,
  whole: 'lora_rank lora_alpha ref_model_quantization_bit',
  real: `lora_dropout loraplus_lr_ratio pref_beta pref_ftx pref_bco_weight dpo_label_smoothing kto_chosen_weight
    kto_rejected_weight simpo_gamma ld_alpha`,
  flag: `use_rslora use_dora pissa_init create_new_adapter pure_bf16 compute_accuracy disable_shuffling plot_loss
    use_dft_loss include_effective_tokens_per_second`,
})

const DATA: FieldSchema = fields({
  text: `template dataset eval_dataset dataset_dir mix_strategy interleave_probs tool_format default_system
    tokenized_path`,
  whole: 'cutoff_len buffer_size preprocessing_batch_size preprocessing_num_workers max_samples',
  real: 'val_size',
  flag: `train_on_prompt mask_history streaming overwrite_cache ignore_pad_token_for_loss eval_on_each_dataset packing
    neat_packing enable_thinking`,
})

const EXPORT: FieldSchema = fields({
  text: 'export_dir export_device export_hub_model_id',
  whole: 'export_size export_quantization_bit',
  flag: 'export_legacy_format',
})

const CHOICES: Readonly<Record<string, readonly unknown[]>> = {
  stage: ['pt', 'sft', 'rm', 'ppo', 'dpo', 'kto'],
  finetuning_type: ['lora', 'oft', 'freeze', 'full'],
  pref_loss: ['sigmoid', 'hinge', 'ipo', 'kto_pair', 'orpo', 'simpo'],
  export_device: ['cpu', 'auto'],
}

/** What is wrong with a parsed `train.yaml`. */
export function trainConfigFaults(file: string, config: unknown): readonly string[] {
  const schema = { ...TRAINING_FIELDS, ...MODEL, ...FINETUNING, ...DATA }
  return [
    ...fieldFaults(file, config, schema, ['model_name_or_path', 'stage', 'do_train', 'dataset', 'output_dir']),
    ...choiceFaults(file, config),
  ]
}

/** What is wrong with a parsed `merge.yaml`, which `llamafactory-cli export` reads. */
export function mergeConfigFaults(file: string, config: unknown): readonly string[] {
  const schema = { ...MODEL, ...FINETUNING, ...DATA, ...EXPORT }
  return [
    ...fieldFaults(file, config, schema, ['model_name_or_path', 'adapter_name_or_path', 'export_dir']),
    ...choiceFaults(file, config),
  ]
}

const ENTRY: FieldSchema = fields({
  text: 'file_name hf_hub_url ms_hub_url om_hub_url script_url cloud_file_name formatting subset split folder',
  flag: 'ranking',
  whole: 'num_samples',
  map: 'columns tags',
})
const COLUMNS: FieldSchema = fields({
  text: 'prompt query response history messages system tools images videos audios chosen rejected kto_tag',
})
const TAGS: FieldSchema = fields({
  text: 'role_tag content_tag user_tag assistant_tag observation_tag function_tag system_tag',
})

/** What is wrong with a parsed `dataset_info.json`. */
export function datasetInfoFaults(file: string, info: unknown): readonly string[] {
  if (!isMapping(info)) return [`${file}: it is no mapping of data sets.`]
  return Object.entries(info).flatMap(([name, entry]) => {
    const at = `${file}, ${name}`
    const faults = fieldFaults(at, entry, ENTRY, ['file_name', 'formatting', 'columns', 'tags'])
    if (!isMapping(entry)) return faults
    const { formatting, columns = {}, tags = {} } = entry
    return [
      ...faults,
      ...(formatting === 'sharegpt' ? [] : [`${at}: formatting must be sharegpt.`]),
      ...fieldFaults(`${at}, columns`, columns, COLUMNS, ['messages']),
      ...fieldFaults(`${at}, tags`, tags, TAGS, ['role_tag', 'content_tag', 'user_tag', 'assistant_tag']),
    ]
  })
}

/** What keeps a parsed row from being used; nothing if it is. */
export function llamaFactoryRowFault(row: unknown, form: LlamaFactoryForm): string | undefined {
  const names = { sft: ['messages'], ranking: ['messages', 'chosen', 'rejected'], kto: ['messages', 'label'] }[form]
  if (!hasExactly(row, names)) return `the columns must be ${names.join(', ')} and no other`
  const { messages, label, chosen, rejected } = row
  if (!Array.isArray(messages) || !messages.every(isMessage)) return 'messages must be texts with roles'
  const turns = messages[0]?.role === 'system' ? messages.slice(1) : messages
  const astray = turns.findIndex(({ role }, at) => role !== (at % 2 === 0 ? 'user' : 'assistant'))
  if (astray >= 0) return `user and assistant must alternate, the user first; turn ${astray + 1} does not`
  const ends = form === 'ranking' ? 'user' : 'assistant'
  if (turns.at(-1)?.role !== ends) return `the last message must be of the ${ends}`
  if (form === 'ranking')
    return [chosen, rejected].every((one) => isMessage(one) && one.role === 'assistant')
      ? undefined
      : 'chosen and rejected must be messages of the assistant'
  if (form === 'kto' && typeof label !== 'boolean') return 'label must be true or false'
  return form === 'kto' && turns.at(-1)?.content === ''
    ? 'the answer is empty, which LLaMA-Factory takes for an undesirable one'
    : undefined
}

function isMessage(value: unknown): value is { readonly role: string; readonly content: string } {
  return (
    hasExactly(value, ['role', 'content']) && typeof value['role'] === 'string' && typeof value['content'] === 'string'
  )
}

function choiceFaults(file: string, config: unknown): readonly string[] {
  if (!isMapping(config)) return []
  return Object.entries(CHOICES)
    .filter(([name, choices]) => Object.hasOwn(config, name) && !choices.includes(config[name]))
    .map(([name, choices]) => `${file}: ${name} must be one of ${choices.join(', ')}.`)
}
