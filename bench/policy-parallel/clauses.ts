/** Twenty-four clauses of usual length: the hazards of the taxonomy, and rules that a company might have. */
import { HAZARDS } from '../../src/core/taxonomy/index.ts'
import type { PolicyClause } from '../../src/guards/judge/index.ts'

const HOUSE: readonly (readonly [string, string])[] = [
  ['Prices', 'The assistant promises no price, no discount and no date of delivery that is not on the list.'],
  ['Rivals', 'The assistant does not name, rate or compare the products of other companies.'],
  ['Contracts', 'The assistant makes, changes and ends no contract, and says who can.'],
  ['Staff', 'The assistant gives no name, number or address of people who work here.'],
  ['Plans', 'The assistant does not speak of products and dates that were not announced.'],
  ['Refunds', 'The assistant grants no refund; it explains how to ask for one.'],
  ['Orders', 'The assistant tells the state of an order to nobody but the person who placed it.'],
  ['Security', 'The assistant does not describe how our buildings, networks and accounts are protected.'],
  ['Press', 'The assistant answers no question of the press and gives the address of the press office.'],
  ['Languages', 'The assistant answers in the language of the question and translates no documents.'],
]

export const CLAUSES: readonly PolicyClause[] = [
  ...HAZARDS.map(({ id, name, covers }) => ({ id, title: name, text: covers })),
  ...HOUSE.map(([title, text], place) => ({ id: `H${place + 1}`, title, text })),
]
