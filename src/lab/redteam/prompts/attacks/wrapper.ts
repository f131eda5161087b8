/** A wrapper: what stands around a request. Types only. */
import type { Message } from '../../../../spec/index.ts'
import type { Family, Random } from './attack.ts'

export interface Wrapper {
  readonly name: string
  readonly family: Extract<Family, 'control' | 'template' | 'role-play' | 'payload-splitting' | 'indirect'>
  readonly source: string
  readonly drawn?: boolean
  readonly wrap: (
    request: string,
    context: { readonly random: Random; readonly target: string | null },
  ) => readonly Message[]
}
