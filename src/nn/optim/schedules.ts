/** Learning rates over the steps of a run. A schedule is a function of the step, counted from 1. */
import { ParapetError } from '../../spec/errors.ts'

export type Schedule = (step: number) => number

export interface ScheduleOptions {
  /** Highest learning rate. */
  readonly peak: number
  /** Steps of linear rise from 0; 0 if absent. */
  readonly warmUpSteps?: number
  /** All steps, the rise included; from there on the rate stays at `peak * floor`. */
  readonly totalSteps: number
  /** Last rate as a part of the peak; 0 if absent. */
  readonly floor?: number
}

export function constantSchedule(rate: number): Schedule {
  return () => rate
}

/** Linear rise from 0 over `warmUpSteps`, then the peak for good. */
export function warmUpSchedule(options: Pick<ScheduleOptions, 'peak' | 'warmUpSteps'>): Schedule {
  const { peak, warmUpSteps = 0 } = options
  if (!(peak >= 0 && warmUpSteps >= 0))
    throw new ParapetError('configuration', 'A schedule needs a peak and a number of warm-up steps of at least 0.')
  return (step) => (step < warmUpSteps ? (peak * step) / warmUpSteps : peak)
}

/** Linear rise, then linear fall. */
export function linearSchedule(options: ScheduleOptions): Schedule {
  return schedule(options, (progress) => 1 - progress)
}

/** Linear rise, then half a cosine (Loshchilov & Hutter 2017, "SGDR", eq. 5, without restarts). */
export function cosineSchedule(options: ScheduleOptions): Schedule {
  return schedule(options, (progress) => (1 + Math.cos(Math.PI * progress)) / 2)
}

function schedule(options: ScheduleOptions, fall: (progress: number) => number): Schedule {
  const { peak, warmUpSteps = 0, totalSteps, floor = 0 } = options
  if (!(peak >= 0 && warmUpSteps >= 0 && totalSteps > warmUpSteps && floor >= 0 && floor <= 1))
    throw new ParapetError(
      'configuration',
      'A schedule needs a peak of at least 0, more steps in all than for the rise, and a floor from 0 to 1.',
    )
  return (step) => {
    if (step < warmUpSteps) return (peak * step) / warmUpSteps
    const progress = Math.min(1, (step - warmUpSteps) / (totalSteps - warmUpSteps))
    return peak * (floor + (1 - floor) * fall(progress))
  }
}
