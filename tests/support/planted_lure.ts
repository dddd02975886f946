/**
 * A lure as decoys are given it.
 * @module
 */
import type { PlantedLure } from "../../lib/decoys/decoy.ts";

/**
 * A lure that is told by its whole content.
 * @param place path, key or topic; its name too.
 * @param content what is worth stealing.
 */
export function plantedLure(place: string, content: Uint8Array): PlantedLure {
  return { id: place, place, content, mediaType: "text/plain", markers: [content] };
}
