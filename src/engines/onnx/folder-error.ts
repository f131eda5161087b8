/** Errors of a model's folder: they name the folder and say what to put right, and never hold a judged text. */
import { ParapetError } from '../../spec/index.ts'

/** What lies in the folder is missing, damaged or does not fit together. */
export function folderError(folder: string, problem: string, cause?: unknown): ParapetError {
  return new ParapetError(
    'engine_unavailable',
    `The model in ${folder} cannot be used: ${problem}`,
    cause === undefined ? {} : { cause },
  )
}

/** An option of the caller's that is wrong. */
export function optionError(problem: string): ParapetError {
  return new ParapetError('configuration', `The options of an ONNX model are wrong: ${problem}.`)
}
