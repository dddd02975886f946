/**
 * Every field of the wire form, with its type: the one table from which the TypeScript type, the
 * JSON Schema and the README's list are made.
 *
 * Names are those of the Elastic Common Schema 8.17 where it has one; ours live under `duckblind.*`.
 * @module
 */

/** Version of the Elastic Common Schema that the wire form follows. */
export const ECS_VERSION = "8.17.0";

/** Longest text or base64 of a field, in bytes of UTF-8. */
export const MAX_FIELD_BYTES = 8192;

/** Largest event, in bytes of UTF-8. */
export const MAX_EVENT_BYTES = 65_536;

/** What a field may hold. `text[]` and the like are lists; `headers` are objects of name and value. */
export type FieldType =
  | "date" // RFC 3339 in UTC with milliseconds
  | "text"
  | "text[]"
  | "long"
  | "boolean"
  | "ip"
  | "ip[]"
  | "base64"
  | "pairs"; // objects with a `name` and a `value`, in the peer's order

/** Type and meaning of each field, by its dotted name. */
export const FIELDS = {
  "@timestamp": ["date", "When it happened"],
  "ecs.version": ["text", "Version of the Elastic Common Schema"],
  "message": ["text", "The event as a sentence"],
  "event.id": ["text", "ULID of the event"],
  "event.sequence": ["long", "Rises by one from event to event of a sensor, without gaps"],
  "event.kind": ["text", "`event`, or `alert` from severity 70"],
  "event.category": ["text[]", "ECS categories"],
  "event.type": ["text[]", "ECS types"],
  "event.action": ["text", "What happened: see the table of events"],
  "event.dataset": ["text", "`duckblind.` and the protocol"],
  "event.module": ["text", "`duckblind`"],
  "event.provider": ["text", "Name of the decoy, or `service` or `sensor`"],
  "event.severity": ["long", "0 to 100"],
  "event.outcome": ["text", "`success` or `failure`"],
  "event.duration": ["long", "Length of a session, in ns"],
  "event.reason": ["text", "Why it happened"],
  "event.ingested": ["date", "When a collector took it in; absent on the sensor itself"],
  "observer.name": ["text", "Id of the sensor"],
  "observer.type": ["text", "`honeypot`"],
  "observer.product": ["text", "`Duckblind`"],
  "observer.version": ["text", "Version of the program"],
  "source.ip": ["ip", "Address of the peer"],
  "source.port": ["long", "Port of the peer"],
  "source.bytes": ["long", "Bytes that the peer sent"],
  "destination.ip": ["ip", "Our address"],
  "destination.port": ["long", "Our port"],
  "destination.bytes": ["long", "Bytes that we sent"],
  "network.transport": ["text", "`tcp`"],
  "network.protocol": ["text", "Kind of the decoy"],
  "network.type": ["text", "`ipv4` or `ipv6`"],
  "network.community_id": ["text", "Community ID v1 of the connection"],
  "related.ip": ["ip[]", "All addresses in the event"],
  "related.user": ["text[]", "All user names in the event"],
  "related.hash": ["text[]", "All hashes in the event"],
  "threat.technique.id": ["text[]", "MITRE ATT&CK techniques"],
  "user.name": ["text", "User name that was tried"],
  "user.domain": ["text", "Domain that was tried"],
  "process.command_line": ["text", "The whole command"],
  "http.request.method": ["text", "Method as sent"],
  "http.version": ["text", "Version as sent; `0.9` for none"],
  "url.original": ["text", "Request target as sent"],
  "user_agent.original": ["text", "User-Agent as sent; what a git client calls itself"],
  "http.request.body.bytes": ["long", "Length of the body as received"],
  "http.request.body.content": ["text", "Start of the body, escaped"],
  "http.response.status_code": ["long", "Status of our answer; 0 for none"],
  "file.name": ["text", "Name that the peer gave"],
  "file.size": ["long", "Full length, in bytes"],
  "file.mime_type": ["text", "Type that the peer gave"],
  "file.hash.sha256": ["text", "Hex SHA-256 of all bytes"],
  "tls.established": ["boolean", "Whether the handshake succeeded"],
  "tls.version": ["text", "Version that was chosen, such as `1.3`"],
  "tls.client.ja3": ["text", "JA3: hex MD5 of the client's offers"],
  "tls.client.server_name": ["text", "Server that the client asked for"],
  "tls.client.supported_ciphers": ["text[]", "Cipher suites in the client's order, in hex"],
  "duckblind.session.id": ["text", "ULID that all events of a connection share"],
  "duckblind.session.reason": ["text", "Why the connection ended"],
  "duckblind.session.credentials": ["long", "Credentials tried in it"],
  "duckblind.session.commands": ["long", "Commands sent in it"],
  "duckblind.session.payloads": ["long", "Payloads kept from it"],
  "duckblind.session.first_bytes": ["base64", "What the peer sent first"],
  "duckblind.decoy.kind": ["text", "Kind of the decoy"],
  "duckblind.limit.name": ["text", "Which limit was met"],
  "duckblind.limit.max": ["long", "Its value"],
  "duckblind.limit.refused": ["long", "How many were refused since the last such event"],
  "duckblind.credential.method": ["text", "How the credential came"],
  "duckblind.credential.username_truncated": ["boolean", "Whether the user name was cut"],
  "duckblind.credential.username_bytes": ["long", "Its full length in escaped form, when cut"],
  "duckblind.credential.password": ["text", "Password or token in clear"],
  "duckblind.credential.password_truncated": ["boolean", "Whether the password was cut"],
  "duckblind.credential.password_bytes": ["long", "Its full length in escaped form, when cut"],
  "duckblind.credential.password_sha256": ["text", "Salted hash of it, with `secrets: sha256`"],
  "duckblind.credential.new_password": ["text", "Password that was to replace it, in clear"],
  "duckblind.credential.new_password_truncated": ["boolean", "Whether the new password was cut"],
  "duckblind.credential.new_password_bytes": ["long", "Its full length in escaped form, when cut"],
  "duckblind.credential.new_password_sha256": ["text", "Salted hash of it, with `secrets: sha256`"],
  "duckblind.credential.responses": ["text[]", "Answers in clear, when there were several"],
  "duckblind.credential.responses_truncated": ["boolean", "Whether answers were cut or left out"],
  "duckblind.credential.responses_count": ["long", "How many there were, when cut"],
  "duckblind.credential.responses_sha256": [
    "text[]",
    "Salted hashes of them, with `secrets: sha256`",
  ],
  "duckblind.credential.hash": ["text", "Line for hashcat"],
  "duckblind.credential.hash_truncated": ["boolean", "Whether the line was cut"],
  "duckblind.credential.hash_bytes": ["long", "Its full length, when cut"],
  "duckblind.credential.hashcat_mode": ["long", "Mode for hashcat"],
  "duckblind.credential.public_key.type": ["text", "Type of the key"],
  "duckblind.credential.public_key.sha256": ["text", "Fingerprint of the key"],
  "duckblind.credential.public_key.bits": ["long", "Size of the key"],
  "duckblind.credential.public_key.blob": ["base64", "The key as sent"],
  "duckblind.credential.public_key.truncated": ["boolean", "Whether key or names of it were cut"],
  "duckblind.credential.public_key.algorithm": ["text", "Algorithm that the request named"],
  "duckblind.credential.public_key.signed": ["boolean", "Whether a signature came with it"],
  "duckblind.credential.public_key.signature_valid": ["boolean", "Whether the signature verifies"],
  "duckblind.credential.service": ["text", "What was to be used after the login"],
  "duckblind.credential.client_host": ["text", "Name that the client host gave itself"],
  "duckblind.credential.client_user": ["text", "User on the client host"],
  "duckblind.credential.names_truncated": [
    "boolean",
    "Whether domain, service or one of these was cut",
  ],
  "duckblind.command.name": ["text", "First word"],
  "duckblind.command.args": ["text[]", "The other words"],
  "duckblind.command.reply_code": ["text", "Code of our answer"],
  "duckblind.command.line_truncated": ["boolean", "Whether the command was cut"],
  "duckblind.command.line_bytes": ["long", "Its full length in escaped form, when cut"],
  "duckblind.http.headers": ["pairs", "Headers in the peer's order and case"],
  "duckblind.http.headers_truncated": ["boolean", "Whether headers were cut or left out"],
  "duckblind.http.headers_count": ["long", "How many there were, when cut"],
  "duckblind.http.header_order_sha256": ["text", "Hash of the names in order and case"],
  "duckblind.http.url_truncated": ["boolean", "Whether the target was cut"],
  "duckblind.http.url_bytes": ["long", "Its full length in escaped form, when cut"],
  "duckblind.http.user_agent_truncated": ["boolean", "Whether the User-Agent was cut"],
  "duckblind.http.user_agent_bytes": ["long", "Its full length in escaped form, when cut"],
  "duckblind.http.body_truncated": ["boolean", "Whether the body was cut"],
  "duckblind.http.body_sha256": ["text", "Hex SHA-256 of the whole body"],
  "duckblind.payload.base64": ["base64", "What was kept"],
  "duckblind.payload.truncated": ["boolean", "Whether the payload was cut"],
  "duckblind.telnet.options": ["text[]", "Options in the order in which the client named them"],
  "duckblind.telnet.environment": ["pairs", "Variables of ENVIRON and NEW-ENVIRON"],
  "duckblind.telnet.terminal_type": ["text", "Terminal type"],
  "duckblind.telnet.terminal_speed": ["text", "Terminal speed"],
  "duckblind.telnet.columns": ["long", "Width of the window"],
  "duckblind.telnet.rows": ["long", "Height of the window"],
  "duckblind.lure.id": ["text", "Name of the lure in the config"],
  "duckblind.lure.place": ["text", "Its path, key or topic"],
  "duckblind.lure.taken_by.session": ["text", "Session that had read it"],
  "duckblind.lure.taken_by.ip": ["ip", "Address of that session's peer"],
  "duckblind.lure.taken_by.decoy": ["text", "Decoy of that session"],
  "duckblind.lure.taken_by.at": ["date", "When that was"],
  "duckblind.ssh.client_version": ["text", "Version line of the client"],
  "duckblind.ssh.client_version_truncated": ["boolean", "Whether the version line was cut"],
  "duckblind.ssh.client_version_bytes": ["long", "Its full length in escaped form, when cut"],
  "duckblind.ssh.hassh": ["text", "HASSH: hex MD5 of the client's algorithms"],
  "duckblind.ssh.hassh_algorithms": ["text", "What HASSH is the hash of"],
  "duckblind.ssh.hassh_algorithms_truncated": ["boolean", "Whether that was cut"],
  "duckblind.ssh.hassh_algorithms_bytes": ["long", "Its full length in escaped form, when cut"],
  "duckblind.ssh.kex_algorithms": ["text[]", "Key exchanges, in the client's order"],
  "duckblind.ssh.host_key_algorithms": ["text[]", "Host key algorithms, in the client's order"],
  "duckblind.ssh.ciphers_client_to_server": ["text[]", "Ciphers for what the client sends"],
  "duckblind.ssh.ciphers_server_to_client": ["text[]", "Ciphers for what we send"],
  "duckblind.ssh.macs_client_to_server": ["text[]", "MACs for what the client sends"],
  "duckblind.ssh.macs_server_to_client": ["text[]", "MACs for what we send"],
  "duckblind.ssh.compression_client_to_server": ["text[]", "Compression of what the client sends"],
  "duckblind.ssh.compression_server_to_client": ["text[]", "Compression of what we send"],
  "duckblind.ssh.languages_client_to_server": ["text[]", "Languages of what the client sends"],
  "duckblind.ssh.languages_server_to_client": ["text[]", "Languages of what we send"],
  "duckblind.ssh.algorithms_truncated": ["boolean", "Whether names in these lists were cut"],
  "duckblind.ssh.algorithms_count": ["long", "How many names all lists had, when cut"],
  "duckblind.ssh.first_kex_packet_follows": ["boolean", "Whether the client guessed"],
  "duckblind.ssh.chosen.kex": ["text", "Key exchange that was agreed on"],
  "duckblind.ssh.chosen.host_key": ["text", "Host key algorithm that was agreed on"],
  "duckblind.ssh.chosen.cipher_client_to_server": ["text", "Cipher for what the client sends"],
  "duckblind.ssh.chosen.cipher_server_to_client": ["text", "Cipher for what we send"],
  "duckblind.ssh.chosen.mac_client_to_server": ["text", "MAC for what the client sends"],
  "duckblind.ssh.chosen.mac_server_to_client": ["text", "MAC for what we send"],
  "duckblind.tls.ja3_source": ["text", "What JA3 is the hash of"],
  "duckblind.tls.ja3_source_truncated": ["boolean", "Whether that was cut"],
  "duckblind.tls.ja3_source_bytes": ["long", "Its full length, when cut"],
  "duckblind.tls.ja4": ["text", "JA4 of the client"],
  "duckblind.tls.server_name_truncated": ["boolean", "Whether the server's name was cut"],
  "duckblind.tls.server_name_bytes": ["long", "Its full length in escaped form, when cut"],
  "duckblind.tls.alpn": ["text[]", "Application protocols, in the client's order"],
  "duckblind.tls.versions": ["text[]", "Versions such as `1.3`, in the client's order"],
  "duckblind.tls.extensions": ["text[]", "Extensions in the client's order, in hex"],
  "duckblind.tls.groups": ["text[]", "Groups for key exchange in the client's order, in hex"],
  "duckblind.tls.signature_algorithms": ["text[]", "The same for signature algorithms"],
  "duckblind.tls.lists_truncated": ["boolean", "Whether entries of these lists were cut"],
  "duckblind.tls.lists_count": ["long", "How many entries all lists had, when cut"],
  "duckblind.tls.grease": ["boolean", "Whether the client offers GREASE values"],
  "duckblind.tls.sslv2": ["boolean", "Whether the hello came in the form of SSL 2.0"],
  "duckblind.tls.malformed": ["text", "The first thing that is wrong with the hello"],
  "duckblind.tls.not_tls": ["text", "Why there is no hello: the peer spoke no TLS, or not enough"],
  "duckblind.protocol.offset": ["long", "Where in the peer's bytes it stopped making sense"],
  "duckblind.protocol.expected": ["text", "What would have been right"],
  "duckblind.first_bytes": ["base64", "What the peer sent first"],
  "duckblind.service.role": ["text", "Role of who logged in"],
  "duckblind.sensor.component": ["text", "What is degraded or has recovered"],
  "duckblind.sensor.lost": ["long", "How many events were lost"],
  "duckblind.sensor.decoys": ["long", "How many decoys the config has"],
  "duckblind.sensor.listeners": ["long", "How many addresses are open"],
  "duckblind.sensor.uptime_ms": ["long", "How long the sensor ran"],
  "duckblind.sensor.started": ["text[]", "Decoys that a reload started"],
  "duckblind.sensor.stopped": ["text[]", "Decoys that a reload stopped"],
  "duckblind.sensor.kept": ["text[]", "Decoys that a reload left alone"],
  "duckblind.fleet.sensor": ["text", "Sensor that a collector tells about"],
  "duckblind.fleet.last_seen": ["date", "When it last spoke, by the collector's clock"],
  "duckblind.fleet.silent_ms": ["long", "How long it was silent"],
  "duckblind.sink.name": ["text", "Which sink"],
  "duckblind.sink.kind": ["text", "Its kind"],
  "duckblind.sink.failures": ["long", "How many calls failed in a row"],
  "duckblind.sink.lost": ["long", "How many events it will never have"],
} as const satisfies Record<string, readonly [FieldType, string]>;

/** Fields that every event has. */
export const REQUIRED_FIELDS = [
  "@timestamp",
  "ecs.version",
  "message",
  "event.id",
  "event.sequence",
  "event.kind",
  "event.category",
  "event.type",
  "event.action",
  "event.dataset",
  "event.module",
  "event.provider",
  "event.severity",
  "observer.name",
  "observer.type",
  "observer.product",
  "observer.version",
] as const satisfies readonly (keyof typeof FIELDS)[];

/** A name and its value, in the peer's order. */
export interface Pair {
  readonly name: string;
  readonly value: string;
}

type Value<T extends FieldType> = T extends "long" ? number
  : T extends "boolean" ? boolean
  : T extends "text[]" | "ip[]" ? readonly string[]
  : T extends "pairs" ? readonly Pair[]
  : string;

type Nested<Path extends string, V> = Path extends `${infer Head}.${infer Rest}`
  ? { readonly [K in Head]?: Nested<Rest, V> | undefined }
  : { readonly [K in Path]?: V | undefined };

type Intersect<U> = (U extends unknown ? (part: U) => void : never) extends (whole: infer I) => void
  ? I
  : never;

/** An event on the wire. A key whose value is `undefined` is not written. */
export type EcsEvent = Intersect<
  { [P in keyof typeof FIELDS]: Nested<P, Value<(typeof FIELDS)[P][0]>> }[keyof typeof FIELDS]
>;
