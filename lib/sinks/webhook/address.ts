/**
 * Where a webhook points: known without its secret, so that the right to dial can be given ahead.
 * @module
 */
import { isSecretReference } from "../../config/schema.ts";
import type { Options } from "./options.ts";

/** What is dialled. An IPv6 address has its brackets, as in a URL. */
export interface Address {
  readonly hostname: string;
  readonly port: number;
}

/** What the config says of a service that it knows. */
export interface PresetFacts {
  /** Where it is called when the config does not say. */
  readonly url?: string;
  /** Where its secret URLs point when the config does not say. */
  readonly host?: string;
  /** Whether its URL is itself the secret. */
  readonly isUrlSecret: boolean;
  /** Options without which it cannot be called. */
  readonly needs: readonly ("token" | "chat_id" | "topic" | "routing_key")[];
  /** Options of others that it also knows. */
  readonly takes?: readonly "token"[];
}

/** The services there are. */
export const PRESET_FACTS = {
  slack: { host: "hooks.slack.com", isUrlSecret: true, needs: [] },
  teams: { isUrlSecret: true, needs: [] },
  discord: { host: "discord.com", isUrlSecret: true, needs: [] },
  mattermost: { isUrlSecret: true, needs: [] },
  telegram: {
    url: "https://api.telegram.org",
    isUrlSecret: false,
    needs: ["token", "chat_id"],
  },
  ntfy: { url: "https://ntfy.sh", isUrlSecret: false, needs: ["topic"], takes: ["token"] },
  pagerduty: {
    url: "https://events.pagerduty.com/v2/enqueue",
    isUrlSecret: false,
    needs: ["routing_key"],
  },
} as const satisfies Record<string, PresetFacts>;

/** Name of a service. */
export type PresetName = keyof typeof PRESET_FACTS;

/**
 * The facts of a preset.
 * @param preset as in the config.
 * @returns `undefined` for `none`.
 */
export function presetFacts(preset: Options["preset"]): PresetFacts | undefined {
  return preset === "none" ? undefined : PRESET_FACTS[preset];
}

/**
 * Parses a URL that can be called.
 * @param text of the config, or a secret.
 * @returns `undefined` when it is none, or not of HTTP.
 */
export function parseUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return (url.protocol === "https:" || url.protocol === "http:") && url.hostname !== ""
    ? url
    : undefined;
}

/**
 * What a URL dials.
 * @param url of HTTP.
 */
export function addressOf(url: URL): Address {
  const port = url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
  return { hostname: url.hostname, port };
}

/**
 * Parses `host` of the config.
 * @param text `name`, `name:port`, `[::1]:port`; the port is 443 when it is not there.
 * @returns `undefined` when it is none of these.
 */
export function parseHost(text: string): Address | undefined {
  if (!/^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?$/.test(text)) return undefined;
  const url = parseUrl(`https://${text}/`);
  return url === undefined || url.port === "0" ? undefined : addressOf(url);
}

/**
 * What is dialled when the URL is a secret.
 * @param options valid ones.
 * @returns `undefined` when the URL is no secret.
 */
export function secretHostOf(options: Options): Address | undefined {
  if (!isSecretReference(options.url)) return undefined;
  return parseHost(options.host || presetFacts(options.preset)?.host || "");
}

/**
 * What is dialled when the URL stands in the config, or is the service's own.
 * @param options valid ones, whose URL is no secret.
 */
export function urlOf(options: Options): Address {
  return addressOf(new URL(options.url || presetFacts(options.preset)!.url!));
}
