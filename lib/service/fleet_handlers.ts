/**
 * The requests of a fleet: what sensors hand over, and what is known of them.
 * @module
 */
import type { SensorRow } from "../journal/ingest.ts";
import { formatError, formatOk, parseSelection, RequestError } from "./frames.ts";
import { type Handler, sendList } from "./handlers.ts";
import { formatPublishAnswer, parsePublish, type PublishFrame } from "./publish_frame.ts";

/** `PUBLISH`: a sensor's events. Its token's name is whose they are. */
export const PUBLISH: Handler = {
  access: "sensor",
  help:
    "PUBLISH version=V count=N bytes=N [journal=ID after=SEQ upto=SEQ missing=N] [last=SEQ]   " +
    "then N events as lines of JSON",
  run: async (words, caller, { intake, view }) => {
    let frame: PublishFrame;
    try {
      frame = parsePublish(words);
      if (caller.name === view.status().sensor) {
        throw new RequestError("forbidden", `${caller.name} is the name of the collector itself`);
      }
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      await caller.send(formatError(error.code, error.message));
      return false; // the lines that follow are no requests
    }
    const answer = await intake.take({
      sensor: caller.name,
      frame,
      body: (bytes) => caller.body(bytes),
      pause: (ms) => caller.pause(ms),
      isOver: () => caller.isOver(),
    });
    await caller.send(formatOk(formatPublishAnswer(answer)));
    return true;
  },
};

/** `SENSORS`: every sensor that has ever sent something. */
export const SENSORS: Handler = {
  access: "operator",
  help: "SENSORS                  every sensor that sends its events: state, lag, counts",
  run: async (words, caller, { intake, connectedSensors }) => {
    parseSelection(words, []);
    const connected = connectedSensors();
    await sendList(
      caller,
      intake.sensors().map((row) => JSON.stringify(formatSensor(row, connected.has(row.name)))),
    );
    return true;
  },
};

/** A sensor as it goes over the wire. */
function formatSensor(row: SensorRow, isConnected: boolean): Record<string, unknown> {
  return {
    name: row.name,
    version: row.version,
    state: isConnected ? "connected" : row.isSilent ? "silent" : "away",
    events: row.events,
    first_seen: new Date(row.firstSeenMs).toISOString(),
    last_seen: new Date(row.lastSeenMs).toISOString(),
    // What a sensor has not sent yet is known only if it tells how far it is itself.
    ...(row.reports && row.journal !== ""
      ? { position: row.position, lag: Math.max(0, row.newest - row.position) }
      : {}),
    missing: row.missing,
    refused: row.refused,
  };
}
