/**
 * What one sensor's built-in site has of its own: names, colours, numbers, chosen once.
 *
 * Two sensors must not show the same page to the byte: whoever finds one would find them all.
 * @module
 */
import { sha256Hex } from "../../../net/digest.ts";
import type { DecoyContext } from "../../decoy.ts";
import type { Colour } from "./icon.ts";

/** What differs from sensor to sensor. */
export interface Persona {
  /** The organisation whose site it is. */
  readonly organization: string;
  readonly accent: Colour;
  /** The accent in CSS. */
  readonly accentCss: string;
  /** A darker one in CSS. */
  readonly accentDarkCss: string;
  /** Host name without domain. */
  readonly hostname: string;
  /** When the site was set up, in ms since 1970. */
  readonly modifiedMs: number;
  /**
   * One of a list.
   * @param label what is chosen.
   * @param words what to choose from.
   */
  choose<T>(label: string, words: readonly T[]): T;
  /**
   * Hex digits that never change.
   * @param label what they are for.
   * @param length how many.
   */
  digits(label: string, length: number): string;
}

const FIRST_WORDS = (
  "Alder Barrow Caldmere Dunvale Ellery Fenwick Garrow Holmbeck Ivarsen Jarrow Kelmarsh Lindqvist " +
  "Marlowe Norrland Osterby Pellworth Quillan Rothwell Selkirk Tarnbrook Ulverton Varden Westmarch Yarrow"
).split(" ");
const SECOND_WORDS = (
  "Logistics|Engineering|Marine|Industries|Components|Foods|Textiles|Instruments|Timber|Packaging|" +
  "Electrics|Ceramics|Freight|Pumps & Valves|Precision|Laboratories"
).split("|");
/** Quiet colours that white text can be read on. */
const ACCENTS: readonly Colour[] = [
  [31, 95, 139],
  [24, 106, 90],
  [122, 62, 101],
  [142, 68, 38],
  [55, 71, 133],
  [38, 104, 56],
  [110, 52, 52],
  [64, 84, 102],
];

/**
 * Makes a sensor's persona.
 * @param context of the decoy.
 * @param options `organization` as the operator wants it, or empty; `modifiedMs` of the site.
 */
export function makePersona(
  context: DecoyContext,
  { organization, modifiedMs }: { organization: string; modifiedMs: number },
): Persona {
  const digits = (label: string, length: number) =>
    sha256Hex(context.seed(`http site ${label}`)).slice(0, length);
  const choose = <T>(label: string, words: readonly T[]): T =>
    words[parseInt(digits(label, 8), 16) % words.length]!;
  const accent = choose("accent", ACCENTS);
  const css = (factor: number) =>
    `rgb(${accent.map((part) => Math.round(part * factor)).join(", ")})`;
  return {
    organization: organization ||
      `${choose("first name", FIRST_WORDS)} ${choose("second name", SECOND_WORDS)}`,
    accent,
    accentCss: css(1),
    accentDarkCss: css(0.72),
    hostname: context.hostname,
    modifiedMs,
    choose,
    digits,
  };
}
