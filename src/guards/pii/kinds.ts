/**
 * The kinds of personal data, from the most to the least specific. Where two findings overlap, the kind that stands first here
 * keeps the characters.
 */

export const PII_KINDS = [
  'url_credentials',
  'iban',
  'card',
  'crypto_wallet',
  'it_codice_fiscale',
  'fr_nir',
  'cn_resident_id',
  'br_cnpj',
  'br_cpf',
  'kr_rrn',
  'email',
  'ip',
  'mac',
  'es_nie',
  'es_dni',
  'us_ssn',
  'us_itin',
  'in_aadhaar',
  'jp_my_number',
  'de_tax_id',
  'uk_nhs',
  'uk_nino',
  'de_id_card',
  'in_pan',
  'pt_nif',
  'bic',
  'driver_licence',
  'passport',
  'bank_account',
  'date_of_birth',
  'phone',
  'address',
  'name',
] as const

/** A kind of personal data; the finding's label is `pii.<kind>`. */
export type PiiKind = (typeof PII_KINDS)[number]

/** Countries with national numbers and telephone formats of their own. */
export const PII_COUNTRIES = ['US', 'GB', 'DE', 'FR', 'ES', 'IT', 'PT', 'BR', 'IN', 'KR', 'CN', 'JP'] as const

/** ISO 3166-1 code of a supported country. */
export type PiiCountry = (typeof PII_COUNTRIES)[number]

/** Country a national kind belongs to. */
export const COUNTRY_OF_KIND: Readonly<Partial<Record<PiiKind, PiiCountry>>> = {
  us_ssn: 'US',
  us_itin: 'US',
  uk_nhs: 'GB',
  uk_nino: 'GB',
  de_tax_id: 'DE',
  de_id_card: 'DE',
  fr_nir: 'FR',
  es_dni: 'ES',
  es_nie: 'ES',
  it_codice_fiscale: 'IT',
  pt_nif: 'PT',
  br_cpf: 'BR',
  br_cnpj: 'BR',
  in_aadhaar: 'IN',
  in_pan: 'IN',
  kr_rrn: 'KR',
  cn_resident_id: 'CN',
  jp_my_number: 'JP',
}

/** Place of a kind in the order above: the lower, the more specific. */
export function rankOf(kind: PiiKind): number {
  return PII_KINDS.indexOf(kind)
}
