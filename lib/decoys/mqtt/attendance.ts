/**
 * A client that is connected: what belongs to it for so long.
 * @module
 */
import type { Session } from "../decoy.ts";
import type { Broker } from "./broker.ts";
import type { Client } from "./client.ts";
import type { Connect } from "./connect.ts";
import type { Link } from "./link.ts";
import type { Reporter } from "./reporter.ts";
import type { Server } from "./server.ts";

/** Everything about one client that is connected. */
export interface Talk {
  readonly session: Session;
  readonly server: Server;
  readonly reporter: Reporter;
  readonly broker: Broker;
  readonly client: Client;
  readonly connect: Connect;
  readonly link: Link;
  /** Topics that the client has given numbers to. */
  readonly aliases: Map<number, string>;
  /** Whether the will is published at the end. */
  hasWill: boolean;
}

/** Sends to a client, and counts that. */
export function answer({ link, broker }: Talk, bytes: Uint8Array): void {
  broker.sys.counts.messagesSent++;
  broker.sys.counts.bytesSent += bytes.length;
  link.send(bytes);
}
