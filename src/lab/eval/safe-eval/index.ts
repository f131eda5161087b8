/** Guidelines kept or broken: the comparison of plain, system prompt, block only and routed answers. */
export { blockArm, plainArm, routedArm, systemArm } from './arm.ts'
export type { Arm, ArmAnswer, ArmSettings, BlockGuard } from './arm.ts'
export { runSafeEval } from './safe-eval.ts'
export type {
  ArmDifference,
  ArmReport,
  Mean,
  RouteCost,
  SafeEvalJudges,
  SafeEvalOptions,
  SafeEvalReport,
  SafeEvalRow,
  Share,
} from './safe-eval.ts'
export { safeEvalLines } from './table.ts'
export { WORLD_ATTACKS, worldSafeEval } from './world-rows.ts'
export type { WorldSafeEval, WorldSafeEvalOptions } from './world-rows.ts'
export { WORLD_GUIDELINES, worldArms, worldGuard, worldRouter } from './world-arms.ts'
