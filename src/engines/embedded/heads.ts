/** The classifier's heads by their public names: which output of which part of a model each is, and the field it judges. */
import type { ClassifierHead, Field } from '../../spec/index.ts'

/** Where a head looks. */
export const HEADS: Readonly<
  Record<ClassifierHead, readonly [part: 'text' | 'response', output: string, field: Field]>
> = {
  prompt_harm: ['text', 'prompt_harm', 'prompt'],
  injection_direct: ['text', 'injection_direct', 'prompt'],
  injection_indirect: ['text', 'injection_indirect', 'prompt'],
  toxicity_prompt: ['text', 'toxicity', 'prompt'],
  toxicity_response: ['text', 'toxicity', 'response'],
  response_harm: ['response', 'response_harm', 'response'],
  refusal: ['response', 'refusal', 'response'],
}

/** Whether an output is a hazard: `S1`, `S2`… */
export function isHazard(output: string): boolean {
  const digit = output.charCodeAt(1)
  return output.charCodeAt(0) === 0x53 && digit >= 0x30 && digit <= 0x39
}
