/**
 * Places on the globe as numbers of 52 bits, and the ways between them.
 * @module
 */

/** Longitude and latitude, in degrees. */
export type Place = readonly [longitude: number, latitude: number];

/** Largest latitude, in degrees: that of the web's maps. */
export const MAX_LATITUDE = 85.05112878;
const EARTH_RADIUS_M = 6_372_797.560856;
const STEPS = 26;
const RADIANS = Math.PI / 180;

/** Metres of each unit. */
export const UNITS: Record<string, number> = { m: 1, km: 1000, ft: 0.3048, mi: 1609.34 };

/** A place's number. */
export function encodePlace([longitude, latitude]: Place, maxLatitude = MAX_LATITUDE): bigint {
  const x = Math.floor((longitude + 180) / 360 * 2 ** STEPS);
  const y = Math.floor((latitude + maxLatitude) / (2 * maxLatitude) * 2 ** STEPS);
  let number = 0n;
  for (let bit = STEPS - 1; bit >= 0; bit--) {
    number = number * 4n + BigInt(Math.floor(x / 2 ** bit) % 2 * 2 + Math.floor(y / 2 ** bit) % 2);
  }
  return number;
}

/** The middle of the field that a number means. */
export function decodePlace(score: number): Place {
  let [x, y] = [0, 0];
  const number = BigInt(Math.trunc(score));
  for (let bit = STEPS - 1; bit >= 0; bit--) {
    const pair = Number((number >> BigInt(2 * bit)) & 3n);
    x = x * 2 + (pair >> 1);
    y = y * 2 + (pair & 1);
  }
  const middle = (at: number, most: number) => {
    const low = -most + at / 2 ** STEPS * 2 * most;
    const high = -most + (at + 1) / 2 ** STEPS * 2 * most;
    return Math.min(most, Math.max(-most, (low + high) / 2));
  };
  return [middle(x, 180), middle(y, MAX_LATITUDE)];
}

/** The way between two places, in metres. */
export function distance([x1, y1]: Place, [x2, y2]: Place): number {
  const radians = (degrees: number) => degrees * RADIANS;
  const v = Math.sin((radians(x2) - radians(x1)) / 2);
  const u = Math.sin((radians(y2) - radians(y1)) / 2);
  if (v === 0) return EARTH_RADIUS_M * Math.abs(radians(y2) - radians(y1));
  const a = u * u + Math.cos(radians(y1)) * Math.cos(radians(y2)) * v * v;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.sqrt(a));
}

const DIGITS = "0123456789bcdefghjkmnpqrstuvwxyz";

/** The usual text of eleven digits. */
export function geohashText(place: Place): string {
  const number = encodePlace(place, 90);
  let text = "";
  for (let i = 0; i < 11; i++) {
    text += i === 10 ? "0" : DIGITS[Number((number >> BigInt(52 - (i + 1) * 5)) & 31n)];
  }
  return text;
}
