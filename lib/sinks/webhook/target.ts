/**
 * Where a call goes and with what: the options with their secrets, read anew for each call.
 * @module
 */
import { isSecretReference } from "../../config/schema.ts";
import { SinkError } from "../../errors.ts";
import { addressOf, parseUrl, presetFacts, secretHostOf } from "./address.ts";
import type { Options } from "./options.ts";
import { Redactor, secretsOfUrl } from "./redactor.ts";
import type { ServiceSettings } from "./service.ts";
import { SERVICES } from "./services.ts";

/** What a header's value may hold: RFC 9110 §5.5, but for what is not ASCII. */
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;
/** Topic of ntfy. */
const TOPIC = /^[-_A-Za-z0-9]{1,64}$/;
/** Token of a bot, which stands in a path. */
const BOT_TOKEN = /^[\w:-]{1,256}$/;

/** A call without its body. */
export interface Target {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What messages need besides the report. */
  readonly settings: ServiceSettings;
  /** Key by which the call is signed; empty for none. */
  readonly hmacKey: string;
  readonly redactor: Redactor;
}

/** Reads a secret; a text that is no reference is returned as it is. */
type ReadSecret = (text: string) => Promise<string>;

/**
 * Resolves options.
 * @param options of the config.
 * @param read reads secrets.
 * @throws {SinkError} retryable, when a secret is not there or cannot be what it should be.
 */
export async function targetOf(options: Options, read: ReadSecret): Promise<Target> {
  const { preset } = options;
  const [url, settings, hmacKey] = [
    await readUrl(options, read),
    await readSettings(options, read),
    await read(options.hmac_secret ?? ""),
  ];
  const headers: Record<string, string> = {};
  const secrets = [settings.token, settings.routingKey, hmacKey];
  if (isSecretReference(options.topic)) secrets.push(settings.topic);
  if (url.username !== "" || url.password !== "") {
    const login = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    const encoded = btoa(String.fromCharCode(...new TextEncoder().encode(login)));
    headers["authorization"] = `Basic ${encoded}`;
    secrets.push(url.username, url.password, encoded);
    url.username = url.password = "";
  }
  if (preset === "ntfy" && settings.token !== "") {
    headers["authorization"] = `Bearer ${headerValue(options.token!, settings.token)}`;
  }
  for (const [name, value] of Object.entries(options.headers)) {
    const text = headerValue(value, await read(value));
    headers[name.toLowerCase()] = text;
    // Of `Bearer TOKEN` the token is what must not be seen.
    if (isSecretReference(value)) secrets.push(text, ...text.split(" "));
  }
  if (preset !== "none") SERVICES[preset].locate?.(url, settings);
  const redactor = new Redactor([...secrets, ...secretsOfUrl(url)]);
  return { url: url.href, headers, settings, hmacKey, redactor };
}

async function readUrl(options: Options, read: ReadSecret): Promise<URL> {
  const text = await read(options.url || presetFacts(options.preset)!.url!);
  const url = parseUrl(text.trim());
  if (url === undefined) {
    throw wrong(options.url, "it is no URL, must be one of http or https");
  }
  const host = secretHostOf(options);
  const { hostname, port } = addressOf(url);
  if (host !== undefined && (host.hostname !== hostname || host.port !== port)) {
    const place = `${host.hostname}:${host.port}`;
    throw wrong(
      options.url,
      `it is a URL of another host, must be of ${place} as the config has it`,
    );
  }
  return url;
}

async function readSettings(options: Options, read: ReadSecret): Promise<ServiceSettings> {
  const settings = {
    token: (await read(options.token ?? "")).trim(),
    chatId: options.chat_id ?? "",
    topic: (await read(options.topic)).trim(),
    routingKey: (await read(options.routing_key ?? "")).trim(),
  };
  if (options.preset === "telegram" && !BOT_TOKEN.test(settings.token)) {
    throw wrong(options.token!, "it is no token of a bot, must be such as 123456:AbC");
  }
  if (options.preset === "ntfy" && !TOPIC.test(settings.topic)) {
    throw wrong(options.topic, "it is no topic, must have 1 to 64 letters, digits, dashes");
  }
  return settings;
}

/** A header's value, which is checked before the runtime repeats it in a message. */
function headerValue(reference: string, value: string): string {
  const text = value.trim();
  if (HEADER_VALUE.test(text)) return text;
  throw wrong(reference, "it cannot stand in a header, must have printable ASCII characters only");
}

/** Trouble with what an option says, or refers to. */
function wrong(option: string, what: string): SinkError {
  const name = isSecretReference(option) ? option : JSON.stringify(option);
  return new SinkError(`Cannot use ${name}: ${what}`, true);
}
