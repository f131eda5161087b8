/**
 * A program that trains by a class of TRL for which the `trl` command has no word: ORPO, and SimPO as CPO. It reads `config.yaml` as TRL's
 * own scripts do (trl/scripts/dpo.py of 1.13.0), so that settings stand in one place.
 */
import type { TrlMethod } from './options.ts'

/** Python source; nothing for methods that have a command. */
export function trlScript(method: TrlMethod): string | undefined {
  if (method !== 'orpo' && method !== 'cpo') return undefined
  const name = method.toUpperCase()
  return `"""${name} by TRL, with the settings of config.yaml: accelerate launch train.py --config config.yaml"""
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import DatasetMixtureConfig, ModelConfig, ScriptArguments, TrlParser, get_dataset, get_peft_config
from trl.experimental.${method} import ${name}Config, ${name}Trainer


def main() -> None:
    parser = TrlParser((ScriptArguments, ${name}Config, ModelConfig, DatasetMixtureConfig))
    _, training, model, data = parser.parse_args_and_config()
    tokenizer = AutoTokenizer.from_pretrained(model.model_name_or_path)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    trainer = ${name}Trainer(
        model=AutoModelForCausalLM.from_pretrained(model.model_name_or_path, dtype=model.dtype),
        args=training,
        train_dataset=get_dataset(data)["train"],
        processing_class=tokenizer,
        peft_config=get_peft_config(model),
    )
    trainer.train()
    trainer.save_model(training.output_dir)


if __name__ == "__main__":
    main()
`
}
