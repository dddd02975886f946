/**
 * Dates of HTTP: RFC 9110 §5.6.7.
 * @module
 */

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const IMF = /^[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT/;
const RFC850 = /^[A-Z][a-z]{5,8}, (\d\d)-([A-Z][a-z]{2})-(\d\d) (\d\d):(\d\d):(\d\d) GMT/;
const ASCTIME = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})/;

let lastSecond = -1;
let lastText = "";

/**
 * A time as a header has it; the text of the last second asked for is kept.
 * @param ms since 1970.
 * @returns such as `Sat, 21 Nov 2026 12:00:00 GMT`.
 */
export function formatHttpDate(ms: number): string {
  const second = Math.floor(ms / 1000);
  if (second !== lastSecond) {
    lastText = new Date(second * 1000).toUTCString();
    lastSecond = second;
  }
  return lastText;
}

/**
 * Reads a date in any of the three forms.
 * @param text a header's value.
 * @returns seconds since 1970; `undefined` when it is no date.
 */
export function parseHttpDate(text: string): number | undefined {
  const imf = IMF.exec(text);
  if (imf !== null) {
    const [, day, month, year, h, m, s] = imf as unknown as string[];
    return seconds(year!, month!, day!, [h!, m!, s!]);
  }
  const rfc850 = RFC850.exec(text);
  if (rfc850 !== null) {
    const [, day, month, year, h, m, s] = rfc850 as unknown as string[];
    return seconds(String(Number(year) + (Number(year) < 70 ? 2000 : 1900)), month!, day!, [
      h!,
      m!,
      s!,
    ]);
  }
  const asctime = ASCTIME.exec(text);
  if (asctime === null) return undefined;
  const [, month, day, h, m, s, year] = asctime as unknown as string[];
  return seconds(year!, month!, day!, [h!, m!, s!]);
}

function seconds(
  year: string,
  month: string,
  day: string,
  time: readonly [string, string, string],
): number | undefined {
  const at = MONTHS.indexOf(month);
  const [h, m, s] = time.map(Number) as [number, number, number];
  if (at < 0 || Number(day) < 1 || Number(day) > 31 || h > 23 || m > 59 || s > 59) return undefined;
  return Date.UTC(Number(year), at, Number(day), h, m, s) / 1000;
}
