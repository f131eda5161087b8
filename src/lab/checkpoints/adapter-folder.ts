/** PEFT adapters as folders: `adapter_config.json` and `adapter_model.safetensors`. Only safetensors; older pickled files are refused. */
import { join } from 'node:path'
import {
  type LoraAdapter,
  adapterConfigOf,
  adapterOf,
  adapterTensorsOf,
  openSafetensors,
  readFloatTensor,
  safetensorsPieces,
} from '../../nn/checkpoint/index.ts'
import type { ParameterValue } from '../../nn/tensor/parameters.ts'
import { ParapetError } from '../../spec/errors.ts'
import { FILES } from './checkpoint.ts'
import { readJson, withFileSource } from './file-source.ts'
import { jsonPieces, writeTogether } from './write-together.ts'

/** The adapter in a folder. Throws `input_invalid`, with the file and what is wrong. */
export async function readAdapter(folder: string): Promise<LoraAdapter> {
  const configPath = join(folder, FILES.adapterConfig)
  const json = await readJson(configPath)
  if (json === undefined) throw new ParapetError('input_invalid', `There is no ${FILES.adapterConfig} in ${folder}.`)
  const path = join(folder, FILES.adapterWeights)
  return withFileSource(path, async (source) => {
    const file = await openSafetensors(source, path)
    const tensors: [string, ParameterValue][] = []
    for (const name of file.tensors.keys()) tensors.push([name, await readFloatTensor(file, name)])
    return adapterOf(json, Object.fromEntries(tensors), configPath)
  })
}

/** Writes an adapter; `base` is the name or path of the model it adapts, for readers. A failed write leaves what was there. */
export async function writeAdapter(folder: string, adapter: LoraAdapter, base?: string): Promise<void> {
  await writeTogether([
    { path: join(folder, FILES.adapterWeights), pieces: safetensorsPieces(adapterTensorsOf(adapter)) },
    { path: join(folder, FILES.adapterConfig), pieces: jsonPieces(adapterConfigOf(adapter, base)) },
  ])
}
