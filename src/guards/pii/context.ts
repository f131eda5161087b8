/**
 * Words that make a number likely (or unlikely) to be of a kind, in twelve languages.
 *
 * Latin words must stand alone; words of scripts without spaces match anywhere. A list here is evidence, never a finding.
 */

/** A pattern for words: `latin` stand alone and ignore case (`*` allows an ending), `others` match anywhere. */
function anyOf(latin: string, others: string = ''): RegExp {
  const words = latin
    .split('|')
    .map((word) => word.replace(/[.()]/g, '\\$&').replace(/\*/g, '[a-z\\u00DF-\\u024F]{0,12}'))
  const alone = `(?<![a-z0-9\\u00DF-\\u024F])(?:${words.join('|')})(?![a-z\\u00DF-\\u024F])`
  return new RegExp(others === '' ? alone : `${alone}|${others}`, 'i')
}

export const CARD: RegExp = anyOf(
  'card|cards|credit|debit|visa|maestro|mastercard|cc|kreditkarte*|karte*|carte|tarjeta|carta|cartão|cartao|kaart|karta|kart',
  '卡|カード|카드|карт|कार्ड|بطاق',
)
export const SSN: RegExp = anyOf('ssn|ssns|ss#|social security|social sec|social|seguro social|tin|taxpayer')
export const ITIN: RegExp = anyOf('itin|tin|tax id|taxpayer|individual taxpayer')
export const NINO: RegExp = anyOf('nino|ni number|ni no|national insurance|insurance number|nin')
export const NHS: RegExp = anyOf('nhs|nhs number|health number|patient|patients')
export const DE_TAX: RegExp = anyOf(
  'steuer-id|steuer id|steuerid|steueridentifikationsnummer|steuer-identifikationsnummer|identifikationsnummer|idnr|id-nr|steuernummer|tin|tax id|tax-id|tax identification|tax number',
)
export const DE_ID: RegExp = anyOf(
  'personalausweis*|ausweis*|perso|identity card|id card|id-card|reisepass*|pass|passport|passnummer|dokumentennummer',
)
export const ES_ID: RegExp = anyOf('dni|nif|nie|documento|identidad|identity|id')
export const PT_NIF: RegExp = anyOf(
  'nif|contribuinte|número fiscal|numero fiscal|identificação fiscal|tax number|tax id|vat|finanças',
)
export const CPF: RegExp = anyOf('cpf|cadastro de pessoa*|cadastro|documento|tax id')
export const CNPJ: RegExp = anyOf('cnpj|cadastro nacional|empresa|company id|tax id')
export const AADHAAR: RegExp = anyOf('aadhaar|aadhar|adhaar|adhar|uidai|uid', 'आधार|ஆதார்|ఆధార్|আধার')
export const PAN: RegExp = anyOf('pan|pan card|permanent account|income tax|pan no', 'पैन')
export const RRN: RegExp = anyOf('rrn|resident registration|registration number', '주민|등록번호|주민번호')
export const MY_NUMBER: RegExp = anyOf('my number|mynumber|individual number|kojin bango', 'マイナンバー|個人番号')
export const BIC: RegExp = anyOf('bic|swift|swift-code|swift code|bic/swift|swift/bic|bank identifier')
export const PASSPORT: RegExp = anyOf(
  'passport*|reisepass*|passnummer|pass-nr|passeport|pasaporte|passaporto|passaporte|paspoort*|paszport*|pasaport*|hộ chiếu',
  '护照|護照|パスポート|旅券|여권|паспорт|पासपोर्ट|جواز',
)
export const DRIVER: RegExp = anyOf(
  "driver's license|driver’s license|drivers license|driver license|driver's licence|driver’s licence|drivers licence|driver licence|driving licence|driving license|dl|dl#|license number|licence number|führerschein*|fuehrerschein*|permis de conduire|carnet de conducir|permiso de conducir|licencia de conducir|patente|patente di guida|carta de condução|carteira de motorista|cnh|rijbewijs*|prawo jazdy|prawa jazdy|ehliyet*|sürücü belgesi",
  '驾驶证|驾照|運転免許|免許証|운전면허|водительск|ड्राइविंग|رخصة القيادة',
)
export const ACCOUNT: RegExp = anyOf(
  'account|acct|a/c|acc|account no|routing|aba|sort code|kontonummer|konto|kto|konto-nr|compte|cuenta|conto|conto corrente|conta|rekening*|rachun*|hesap*|tài khoản',
  '账号|账户|帳號|口座|계좌|счет|счёт|खाता|حساب',
)
export const BORN: RegExp = anyOf(
  'born|dob|d.o.b|date of birth|birth date|birthdate|birthday|b-day|geboren|geburtsdatum|geburtstag|geb|né le|née le|né|née|date de naissance|naissance|nacido|nacida|nací|nació|fecha de nacimiento|nacimiento|nato|nata|data di nascita|nascita|nascido|nascida|nasci|nasceu|data de nascimento|nascimento|geboortedatum|data urodzenia|urodzon*|doğum|doğum tarihi|doğdum|ngày sinh|sinh ngày|tanggal lahir|lahir|född|født',
  '出生|生日|生年月日|生まれ|생년월일|생일|태어|рожд|родил|जन्म|ميلاد|ولد',
)
/** Words that all but announce a telephone number. */
export const PHONE: RegExp = anyOf(
  'phone*|telephone*|tel|tel.|mobile|mobil|mob|cell|cellphone|fax|whatsapp|sms|hotline|telefon*|handy*|rufnummer|telefonnummer|téléphone|telephone|portable|teléfono|móvil|celular|cellulare|telefono|telefone|telemóvel|telefoon*|mobiel*|komórka|điện thoại|sđt|telp|telepon|hp|phone number|contact number',
  '电话|電話|手机|手機|携帯|携带|ケータイ|전화|휴대폰|핸드폰|연락처|फ़ोन|फोन|मोबाइल|телефон|тел\\.|هاتف|جوال|موبايل|رقم',
)
/** Words that fit a telephone number and much else. */
export const CALL: RegExp = anyOf(
  'call|calling|called|dial|ring|reach|reached|text|answering|answering at|answer|contact|contacting|anrufen|ruf|rufen|erreichen|erreichbar|appelez|appeler|appelle|joindre|joignable|llámame|llamar|llame|llama|chiamami|chiamare|chiama|chiami|ligue|ligar|liga|bel|bellen|zadzwoń|dzwonić|arayın|ara|arayabilirsiniz|gọi|hubungi',
  '致电|联系|拨打|連絡|連絡先|연락|कॉल|позвон|звони|اتصل',
)
/** Right after a number: what kind of line it is. */
export const LINE_AFTER: RegExp = /^[\s\-–(,]{0,3}(?:office|fax|mobile|cell|home|work|mobil|handy|móvil|portable)/i

/** Words right before a number which say that it is something else. */
export const OTHER_NUMBER: RegExp = new RegExp(
  '(?:(?<![a-z])(?:orders?|invoices?|tickets?|case|ref|reference|tracking|shipment|parcel|serial|model|sku|part|item|product|batch|lot|version|build|' +
    'commit|isbn|issn|ean|imei|article|catalogue|transaction|booking|confirmation|bestell\\w{0,12}|auftrag\\w{0,12}|rechnung\\w{0,12}|' +
    'sendung\\w{0,12}|artikel\\w{0,12}|commande|facture|colis|pedido|factura|ordine|fattura|encomenda|fatura|nota fiscal|bestelling|' +
    'zamówieni\\w|faktur\\w|sipariş|đơn hàng|pesanan|population|revenue|total|price)|订单|訂單|注文|주문|송장|ऑर्डर|заказ\\S{0,3}|счет-фактура|طلب)' +
    '[\\s:#=]{0,3}(?:(?:number|num|no|nr|id|code|numéro|número|numero|nummer|番号|번호|编号|号|№|n°|nº|संख्या|номер|رقم)\\.?)?' +
    '(?:は|は、|은|는|:|：|#|=|is|was|ist|est|es|è|é|-)?[\\s:：#=]{0,3}$',
  'i',
)
