/**
 * `TrainingArguments` of transformers, which both trainers extend: names and types as in `src/transformers/training_args.py` of 5.18.0.
 * Names alone; other releases may know fewer or more.
 */
import { type FieldSchema, fields } from './field-schema.ts'

export const TRAINING_FIELDS: FieldSchema = {
  ...fields({
    text: `output_dir lr_scheduler_type optim optim_args torch_compile_backend torch_compile_mode logging_strategy
      include_num_input_tokens_seen log_level log_level_replica run_name project eval_strategy save_strategy hub_token
      hub_model_id hub_strategy hub_revision metric_for_best_model train_sampling_strategy length_column_name ddp_backend
      fsdp resume_from_checkpoint report_to`,
    whole: `per_device_train_batch_size max_steps gradient_accumulation_steps torch_empty_cache_steps
      per_device_eval_batch_size eval_accumulation_steps save_total_limit seed data_seed dataloader_num_workers
      dataloader_prefetch_factor ddp_bucket_cap_mb ddp_timeout local_rank`,
    real: `num_train_epochs learning_rate warmup_steps weight_decay adam_beta1 adam_beta2 adam_epsilon max_grad_norm
      label_smoothing_factor neftune_noise_alpha logging_steps eval_steps eval_delay save_steps`,
    map: 'lr_scheduler_kwargs gradient_checkpointing_kwargs liger_kernel_config accelerator_config fsdp_config deepspeed',
    list: 'optim_target_modules include_for_metrics label_names',
    flag: `average_tokens_across_devices bf16 fp16 bf16_full_eval fp16_full_eval tf32 gradient_checkpointing torch_compile
      use_liger_kernel use_cache auto_find_batch_size logging_first_step log_on_each_node logging_nan_inf_filter
      disable_tqdm prediction_loss_only eval_on_start eval_do_concat_batches eval_use_gather_object batch_eval_metrics
      save_only_model save_on_each_node push_to_hub hub_private_repo hub_always_push load_best_model_at_end
      greater_is_better ignore_data_skip restore_callback_states_from_checkpoint full_determinism use_cpu
      dataloader_drop_last dataloader_pin_memory dataloader_persistent_workers remove_unused_columns
      ddp_find_unused_parameters ddp_broadcast_buffers skip_memory_metrics do_train do_eval do_predict`,
  }),
}
