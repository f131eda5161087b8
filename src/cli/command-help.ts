/** What the help of several commands has in common, and the checks of their options. */
import { InvalidArgumentError } from 'commander'

export function example(...commands: readonly string[]): string {
  return `\nExample${commands.length > 1 ? 's' : ''}:\n${commands.map((command) => `  $ ${command}`).join('\n')}`
}

export function aboveZero(value: string): number {
  if (!/^[1-9]\d{0,6}$/.test(value)) throw new InvalidArgumentError('Give a whole number above 0.')
  return Number(value)
}
