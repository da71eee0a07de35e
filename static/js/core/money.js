// @ts-check
/** Writes amounts that the server computed. Integer minor units; nothing is ever added up in fractions. */

/** @typedef {'currency' | 'decimal'} Style */

/** @type {Map<string, Intl.NumberFormat>} */
const formats = new Map();

/** @param {number} minor @param {string} currency ISO 4217 @param {string} [locale] */
export function formatMoney(minor, currency, locale) {
  return getFormat('currency', currency, locale).format(minor / 10 ** getExponent(currency));
}

/** The same without the currency's sign. @param {number} minor @param {string} currency @param {string} [locale] */
export function formatAmount(minor, currency, locale) {
  return getFormat('decimal', currency, locale).format(minor / 10 ** getExponent(currency));
}

/** @param {string} currency how many digits follow its point */
function getExponent(currency) {
  return getFormat('currency', currency).resolvedOptions().maximumFractionDigits ?? 2;
}

/** @param {Style} style @param {string} currency @param {string} [locale] @returns {Intl.NumberFormat} */
function getFormat(style, currency, locale = globalThis.document?.documentElement.lang || 'en') {
  const key = `${style} ${locale} ${currency}`;
  let format = formats.get(key);
  if (!format) {
    const digits = style === 'decimal' ? getExponent(currency) : undefined;
    format = style === 'currency'
      ? new Intl.NumberFormat(locale, { style, currency })
      : new Intl.NumberFormat(locale, { style, minimumFractionDigits: digits, maximumFractionDigits: digits });
    formats.set(key, format);
  }
  return format;
}
