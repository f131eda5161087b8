/** Official and published test values, and near misses of each: one digit off, wrong length, excluded ranges. */
import { describe, expect, test } from 'vitest'
import { fitCard, isBic, isIban, isUsRoutingNumber } from './finance.ts'
import { isBrCnpj, isBrCpf, isUsItin, isUsSsn } from './national-americas.ts'
import { fitKrRrn, isCnResidentId, isInAadhaar, isInPan, isJpMyNumber } from './national-asia.ts'
import {
  isDeIdCard,
  isDeTaxId,
  isEsDni,
  isEsNie,
  isFrNir,
  isItCodiceFiscale,
  isPtNif,
  isUkNhs,
  isUkNino,
} from './national-europe.ts'
import { isBase58Address, isBech32Address, isEthereumAddress } from './wallets.ts'

interface Case {
  readonly name: string
  readonly valid: (value: string) => boolean
  readonly good: readonly string[]
  readonly bad: readonly string[]
  /** Every change of one digit is caught by the scheme. */
  readonly everyDigit?: boolean
}

const CASES: readonly Case[] = [
  {
    name: 'US SSN',
    valid: isUsSsn,
    good: ['123456789', '001010001'],
    bad: ['000123456', '666123456', '900123456', '123006789', '123450000', '12345678'],
  },
  {
    name: 'US ITIN',
    valid: isUsItin,
    good: ['900700000', '912885678', '999999999'],
    bad: ['900490000', '900890000', '900930000', '800700000'],
  },
  {
    name: 'UK NINO',
    valid: isUkNino,
    good: ['AB123456C', 'JG103759A'],
    bad: ['QQ123456C', 'AO123456C', 'BG123456A', 'ZZ123456A', 'AB123456E', 'AB12345C'],
  },
  {
    name: 'UK NHS',
    valid: isUkNhs,
    good: ['9434765919', '4010232137'],
    bad: ['0000000000', '943476591'],
    everyDigit: true,
  },
  {
    name: 'DE Steuer-ID',
    valid: isDeTaxId,
    good: ['86095742719', '65929970489', '47036892816', '57549285017', '25768131411'],
    bad: ['01234567890', '12345678901', '8609574271'],
    everyDigit: true,
  },
  {
    name: 'DE Personalausweis',
    valid: isDeIdCard,
    good: ['L01X00T471', 'T220001293'],
    bad: ['L01X00T472', 'T220001298', 'A01X00T471', 'L01X00T47'],
  },
  {
    name: 'FR NIR',
    valid: isFrNir,
    good: ['255081416802538', '184127645108946', corsican('2A'), corsican('2B')],
    bad: ['255081316802538', '955081416802538', '25508141680253'],
  },
  { name: 'ES DNI', valid: isEsDni, good: ['12345678Z', '00000000T'], bad: ['12345678A', '1234567Z', '12345679Z'] },
  { name: 'ES NIE', valid: isEsNie, good: ['X1234567L', 'Y1234567X', 'Z1234567R'], bad: ['X1234567A', 'W1234567L'] },
  {
    name: 'IT codice fiscale',
    valid: isItCodiceFiscale,
    good: ['RSSMRA85T10A562S', 'MRTMTT25D09F205Z', 'MRTMTT91D08F205J'],
    bad: ['RSSMRA85T10A562T', 'RSSMRA85T10A562', 'RSSMRA85T32A562S', 'RSSMRF85T10A562S'],
  },
  {
    name: 'PT NIF',
    valid: isPtNif,
    good: ['501964843', '123456789', '999999990'],
    bad: ['401964843', '50196484', '501964842'],
  },
  {
    name: 'BR CPF',
    valid: isBrCpf,
    good: ['11144477735', '52998224725'],
    bad: ['11111111111', '1114447773'],
    everyDigit: true,
  },
  {
    name: 'BR CNPJ',
    valid: isBrCnpj,
    good: ['11222333000181', '12ABC34501DE35'],
    bad: ['12ABC34501DE36', '00000000000000', '1122233300018'],
    everyDigit: true,
  },
  {
    name: 'IN Aadhaar',
    valid: isInAadhaar,
    good: ['999941057058', '234123412346'],
    bad: ['123412341234', '99994105705'],
    everyDigit: true,
  },
  {
    name: 'IN PAN',
    valid: isInPan,
    good: ['ABCPE1234F', 'AFZPK7190K'],
    bad: ['ABCDE1234F', 'ABCPE12345', 'ABCP1234F'],
  },
  {
    name: 'KR RRN',
    valid: (value) => fitKrRrn(value) === 'checked',
    good: ['8001011234560'],
    bad: ['8001011234561', '8013011234560', '800101123456'],
  },
  {
    name: 'CN resident id',
    valid: isCnResidentId,
    good: ['11010519491231002X', '440524188001010014'],
    bad: ['110105194912310021', '99010519491231002X', '11010519491331002X'],
    everyDigit: true,
  },
  {
    name: 'JP My Number',
    valid: isJpMyNumber,
    good: ['123456789018'],
    bad: ['123456789019', '12345678901', '111111111111'],
  },
  {
    name: 'card',
    valid: (value) => fitCard(value) === 'usual',
    good: [
      '4111111111111111',
      '5555555555554444',
      '2223003122003222',
      '378282246310005',
      '30569309025904',
      '6011111111111117',
      '3530111333300000',
      '6200000000000005',
    ],
    bad: ['1111111111111117', '411111111111111'],
    everyDigit: true,
  },
  {
    name: 'IBAN',
    valid: isIban,
    good: [
      'GB82WEST12345698765432',
      'DE89370400440532013000',
      'FR1420041010050500013M02606',
      'NO9386011117947',
      'MT84MALT011000012345MTLCAST001S',
    ],
    bad: ['XX89370400440532013000', 'DE8937040044053201300'],
    everyDigit: true,
  },
  { name: 'BIC', valid: isBic, good: ['DEUTDEFF', 'NEDSZAJJXXX'], bad: ['DEUTXXFF', 'DEUTDEF', 'HELLOYOU'] },
  {
    name: 'US routing number',
    valid: isUsRoutingNumber,
    good: ['021000021', '121000358'],
    bad: ['999999999'],
    everyDigit: true,
  },
  {
    name: 'Bitcoin Base58',
    valid: isBase58Address,
    good: ['1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa', '3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy'],
    bad: ['1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb'],
  },
  {
    name: 'Bitcoin Bech32',
    valid: isBech32Address,
    good: [
      'bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq',
      'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0',
    ],
    bad: ['bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdp'],
  },
  {
    name: 'Ethereum',
    valid: isEthereumAddress,
    good: ['0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed', '0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed'],
    bad: ['0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD', '0x5aaeb6'],
  },
]

/** A Corsican number, its key computed from the definition. */
function corsican(department: '2A' | '2B'): string {
  const body = `18805${department}004012`
  const number = BigInt(body.replace('2A', '19').replace('2B', '18'))
  return `${body}${String(97n - (number % 97n)).padStart(2, '0')}`
}

describe.each(CASES)('$name', ({ valid, good, bad }) => {
  test('published values are valid', () => {
    expect(good.filter((value) => !valid(value))).toEqual([])
  })

  test('near misses are not', () => {
    expect(bad.filter((value) => valid(value))).toEqual([])
  })
})

test.each(CASES.filter(({ everyDigit }) => everyDigit === true))(
  '$name: every single wrong digit is caught',
  ({ valid, good }) => {
    const passed = good.flatMap((value) => variants(value).filter((variant) => valid(variant)))
    expect(passed).toEqual([])
  },
)

function variants(value: string): readonly string[] {
  return [...value].flatMap((char, index) =>
    /\d/.test(char)
      ? [1, 2, 3, 4, 5, 6, 7, 8, 9].map(
          (step) => `${value.slice(0, index)}${(Number(char) + step) % 10}${value.slice(index + 1)}`,
        )
      : [],
  )
}
