// @ts-check
/** Writes amounts that the server computed. Integer minor units; nothing is ever added up in fractions. */

/** @type {Map<string, Intl.NumberFormat>} */
const formats = new Map();

/** @param {number} minor @param {string} currency ISO 4217 @param {string} [locale] */
export function formatMoney(minor, currency, locale = globalThis.document?.documentElement.lang || 'en') {
  const key = `${locale} ${currency}`;
  const format = formats.get(key) ?? new Intl.NumberFormat(locale, { style: 'currency', currency });
  formats.set(key, format);
  return format.format(minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}
