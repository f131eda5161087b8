/**
 * The lists of names in the source are exactly the unions of the `openai` package. The comparison is made by the compiler: this file
 * does not compile when that package gains a member, and then every `switch` over the names does not either.
 */
import type { ResponseInputItem, ResponseOutputItem, ResponseStreamEvent } from 'openai/resources/responses/responses'
import { expect, expectTypeOf, test } from 'vitest'
import { toolOf, wordsOf } from '../../../src/gateway/protocols/responses/item-words.ts'
import type { EventType, ItemType, OutputItemType } from '../../../src/gateway/protocols/responses/wire-types.ts'
import {
  EVENT_TYPES,
  INPUT_ONLY_ITEM_TYPES,
  isEventType,
  isItemType,
  OUTPUT_ITEM_TYPES,
} from '../../../src/gateway/protocols/responses/wire-types.ts'
import { ITEMS } from './fixtures.ts'

/** A message and a reference may be written without a type. */
type InputItemName = NonNullable<ResponseInputItem['type']>

test('the unions have no other members', () => {
  expectTypeOf<EventType>().toEqualTypeOf<ResponseStreamEvent['type']>()
  expectTypeOf<OutputItemType>().toEqualTypeOf<ResponseOutputItem['type']>()
  expectTypeOf<ItemType>().toEqualTypeOf<InputItemName | OutputItemType>()
  expectTypeOf<Exclude<InputItemName, OutputItemType>>().toEqualTypeOf<(typeof INPUT_ONLY_ITEM_TYPES)[number]>()
})

test('the names are told from others', () => {
  for (const type of EVENT_TYPES) expect(isEventType(type)).toBe(true)
  for (const type of [...OUTPUT_ITEM_TYPES, ...INPUT_ONLY_ITEM_TYPES]) expect(isItemType(type)).toBe(true)
  for (const other of ['response.novel', 'response', '', null, 4, 'toString']) {
    expect(isEventType(other)).toBe(false)
    expect(isItemType(other)).toBe(false)
  }
  expect(new Set(EVENT_TYPES).size).toBe(EVENT_TYPES.length)
})

test('every item that holds words says where, and every call names its tool', () => {
  for (const type of OUTPUT_ITEM_TYPES) {
    expect(Object.keys(wordsOf(type))).not.toEqual([])
    expect(ITEMS[type](0).type).toBe(type)
    const name = toolOf(type, 'given')
    if (type.endsWith('_call') && type !== 'program_output') expect(name).not.toBeNull()
    if (type.endsWith('_output')) expect(name).toBeNull()
  }
})
