/** Takes LaTeX and typography off a text, leaving plain signs: \frac{1}{2} is 1/2, "2{,}125" is 2,125, U+2212 is "-". */

const thin = '\\u00a0\\u2007\\u2009\\u202f';
const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹';
const part = String.raw`(?:\{([^{}]*)\}|(\d))`;
const fraction = new RegExp(String.raw`(\d\s*)?\\[dtc]?frac\s*${part}\s*${part}`, 'g');
const word = String.raw`(?:text|textbf|textit|textrm|mathrm|mathbf|mathit|mbox|operatorname)`;

/** Vulgar fractions, superscripts, typographic spaces, minus signs and full-width forms as plain signs. */
export function plainSigns(text: string): string {
  return text
    .replace(/(\d?)([\u00bc-\u00be\u2150-\u215e\u2189])/g, (_, digit: string, sign: string) => {
      return `${digit === '' ? '' : `${digit} `}${sign.normalize('NFKC')}`;
    })
    .replace(/\u2044/g, '/')
    .replace(/([⁺⁻]?)([⁰¹²³⁴⁵⁶⁷⁸⁹]+)/g, (_, sign: string, digits: string) => {
      const plain = [...digits].map((each) => superscripts.indexOf(each)).join('');
      return `^{${sign === '⁻' ? '-' : ''}${plain}}`;
    })
    .replace(/[\uff01-\uff5e]/g, (sign) => sign.normalize('NFKC'))
    .replace(/\\!|[\u200b\u2060\ufeff]/g, '')
    .replace(new RegExp(String.raw`(\d)(?:[${thin}~]|\\[,;: ])(?=\d{3}(?!\d))`, 'g'), '$1')
    .replace(new RegExp(`[${thin}]`, 'g'), ' ')
    .replace(/[\u2010\u2011\u2212\u2013\ufe63]/g, '-')
    .replace(/(?<![\p{L}\d)\]}]\s?)\u2014(?=[\d.$€£\\])|(?<=(?:\bis|[:=#])\s*)\u2014(?=[\d.$€£\\])/gu, '-');
}

/** "negative 7" and "minus 7" with their sign; between two operands "minus" is an operator. */
function signWords(text: string): string {
  return text
    .replace(/(\d)\s+minus\s+(?=[\d$€£.])/gi, '$1 - ')
    .replace(/\b(?:negative|minus)\s+(?=[\d$€£.])/gi, '-');
}

export function plainMath(text: string): string {
  let plain = plainSigns(text).replace(/\{,\}/g, ',');
  for (let depth = 0; depth < 4; depth++) {
    const before = plain;
    plain = plain
      .replace(new RegExp(String.raw`\\${word}\s*\{([^{}]*)\}`, 'g'), '$1')
      .replace(fraction, (_, whole: string | undefined, a?: string, b?: string, c?: string, d?: string) => {
        const sides = [a ?? b ?? '', c ?? d ?? ''].map((side) => side.trim());
        const simple = sides.map((side) => (/^[-+]?[\w.,]+$/.test(side) ? side : `(${side})`));
        return `${whole === undefined ? '' : `${whole.trim()} `}${simple.join('/')}`;
      });
    if (plain === before) break;
  }
  plain = plain
    .replace(/\\left|\\right|\\[,;: ]/g, '')
    .replace(/\\(?:times|cdot)(?![a-z])/g, '×')
    .replace(/\\([$%])/g, '$1')
    .replace(/\\[()[\]]/g, '$')
    .replace(/(\d)\s?\*\*\s?(?=\{?-?\d)/g, '$1^')
    .replace(/[*_]{2}/g, '');
  return signWords(plain);
}
