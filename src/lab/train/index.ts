/** Training of the models that ship in the package. */
export { trainEmbedded } from './embedded.ts'
export type { TrainEmbeddedOptions, TrainedModel } from './embedded.ts'
export { trainNgram } from './ngram-trainer.ts'
export type { NgramOptions } from './ngram-trainer.ts'
export { demoCorpus } from './demo-corpus.ts'
export { readRecordFiles } from './records.ts'
export type { RecordFile, Task, TrainingRecord } from './records.ts'
