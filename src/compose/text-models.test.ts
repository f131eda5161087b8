/** Who shares a model of a folder, and when it goes. */
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { countingGraph } from '../../test/support/nn/tiny-graphs.ts'
import { folderFiles, modelFolder, removeModelFolders } from '../../test/support/nn/tiny-text-classifier.ts'
import { createTextModels, type TextModels } from './text-models.ts'

let folder = ''
let models: TextModels
beforeEach(() => {
  folder = modelFolder(folderFiles(countingGraph()))
  models = createTextModels()
})
afterEach(() => models.close())
afterAll(removeModelFolders)

test('the same folder and settings are one model, also while it loads', async () => {
  const [one, other] = await Promise.all([models.classifier(folder, {}), models.classifier(folder, {})])
  expect(other).toBe(one)
  expect(await models.classifier(folder, {})).toBe(one)
  expect(await models.classifier(folder, { maxTokens: 8 })).not.toBe(one)
})

test('what failed is tried again', async () => {
  const graph = join(folder, 'model.onnx')
  renameSync(graph, `${graph}.away`)
  await expect(models.classifier(folder, {})).rejects.toMatchObject({ code: 'engine_unavailable' })
  renameSync(`${graph}.away`, graph)
  expect((await models.classifier(folder, {})).labels).toEqual(['BENIGN', 'ATTACK'])
})

test('a model that no guard needs any more goes', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const kept = await models.classifier(folder, {})
  const gone = new WeakRef(await models.classifier(folder, { maxTokens: 8 }))
  for (let round = 0; round < 20 && gone.deref() !== undefined; round += 1) {
    await turn()
    collect()
  }
  expect(gone.deref()).toBeUndefined()
  expect(await models.classifier(folder, {})).toBe(kept)
})

test('closing disposes of what is loaded and of what loads, and nothing is loaded after it', async () => {
  const loaded = await models.classifier(folder, {})
  const loading = models.classifier(folder, { maxTokens: 8 })
  await models.close()
  for (const model of [loaded, await loading])
    await expect(model.classify([{ text: 'rose' }])).rejects.toThrow('was disposed of')
  await expect(models.classifier(folder, {})).rejects.toMatchObject({ code: 'engine_unavailable' })
  await expect(models.close()).resolves.toBeUndefined()
})
