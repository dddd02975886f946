/**
 * What a sink wants: the part that the journal can look for, and the part that is looked at after.
 * @module
 */
import type { SinkSelection } from "../config/sink_keys.ts";
import type { SensorEvent } from "../events/emitter.ts";
import type { EventFilter } from "../journal/query.ts";
import { type Cidr, cidrHolds, parseCidr, parseIp } from "../net/address.ts";

/** Most addresses whose verdict is remembered. */
const MAX_KNOWN_SOURCES = 10_000;

/** A selection, ready to use. */
export interface Selection {
  readonly filter: EventFilter;
  /** Whether an event that the filter lets through is wanted. */
  accepts(event: SensorEvent): boolean;
}

/**
 * Makes a selection ready to use.
 * @param wanted as the config has it, but that this sensor has the empty name (`withoutOwnName`).
 */
export function makeSelection(wanted: SinkSelection): Selection {
  const { minSeverity, types, decoys, sensors, excludeTypes, excludeDecoys } = wanted;
  const noTypes = new Set(excludeTypes);
  const noDecoys = new Set(excludeDecoys);
  const isWantedSource = makeSourceTest(wanted);
  return {
    filter: {
      minSeverity,
      ...(types === undefined ? {} : { actions: types }),
      ...(decoys === undefined ? {} : { decoys }),
      ...(sensors === undefined ? {} : { sensors }),
    },
    accepts: (event) =>
      !noTypes.has(event.action) && !noDecoys.has(event.decoy) && isWantedSource(event.source),
  };
}

/**
 * Replaces this sensor's own name, which its events do not have in the journal.
 * @param wanted as the config has it.
 * @param own name of this sensor.
 */
export function withoutOwnName(wanted: SinkSelection, own: string): SinkSelection {
  const { sensors } = wanted;
  if (sensors === undefined) return wanted;
  return { ...wanted, sensors: sensors.map((name) => name === own ? "" : name) };
}

/**
 * Whether a selection leaves anything out.
 * @param wanted as the config has it.
 */
export function isFiltered(wanted: SinkSelection): boolean {
  const { minSeverity, types, decoys, sensors, sources } = wanted;
  const { excludeTypes, excludeDecoys, excludeSources } = wanted;
  return minSeverity > 0 ||
    [types, decoys, sensors, sources].some((list) => list !== undefined) ||
    [excludeTypes, excludeDecoys, excludeSources].some((list) => list.length > 0);
}

/** A test of sources; an event without one is what the sensor says of itself, and no source's. */
function makeSourceTest({ sources, excludeSources }: SinkSelection): (source: string) => boolean {
  if (sources === undefined && excludeSources.length === 0) return () => true;
  const only = sources?.map((text) => parseCidr(text)!);
  const none = excludeSources.map((text) => parseCidr(text)!);
  const known = new Map<string, boolean>();
  return (source) => {
    let verdict = known.get(source);
    if (verdict === undefined) {
      verdict = !isIn(none, source) && (only === undefined || isIn(only, source));
      if (known.size >= MAX_KNOWN_SOURCES) known.clear();
      known.set(source, verdict);
    }
    return verdict;
  };
}

function isIn(blocks: readonly Cidr[], source: string): boolean {
  const address = parseIp(source);
  return address !== undefined && blocks.some((block) => cidrHolds(block, address));
}
