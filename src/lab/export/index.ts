/** Data sets and settings of this project as folders that TRL and LLaMA-Factory train from, and the checks of such folders. */
export { exportFolderFaults } from './check-folder.ts'
export { CHATML_TRAINING_TEMPLATE, type ChatTemplateKind, chatTemplateKind } from './chat-template.ts'
export { type ExportData, type ExportSource, type TextPair, type TextTurn, exportData } from './data.ts'
export { type ExportFiles, type ExportTemplate, exportFiles } from './files.ts'
export { type RunExportOptions, runExport } from './run-export.ts'
export {
  EXPORT_DEFAULTS,
  EXPORT_TRAINERS,
  type ExportRecipe,
  type ExportSettings,
  type ExportTrainer,
  checkExportSettings,
  defaultLearningRate,
} from './settings.ts'
export { type WorldDataOptions, worldSource } from './world-data.ts'
