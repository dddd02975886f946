/**
 * The bulk call: lines of actions and documents out, an answer for each of them back.
 *
 * Source: the Bulk API of Elasticsearch 8 and 9 and of OpenSearch 2 and 3, where it is the same.
 * @module
 */
import { SinkError } from "../../errors.ts";
import { escapeText } from "../../net/escape.ts";
import type { ItemTrouble } from "../sink.ts";
import { describeAnswer } from "../http.ts";
import type { ClusterAnswer } from "./cluster.ts";

/** What is wanted of the answer: without it each item says in 200 bytes where it was put. */
export const BULK_FILTER =
  "errors,items.*.status,items.*.failure_store,items.*.error.type,items.*.error.reason," +
  "items.*.error.caused_by.reason";

/** Characters of a reason. */
const MAX_REASON = 512;
/** Size at which an answer was cut: see `HttpAnswer`. */
const CUT_BYTES = 8 * 1_048_576;

/** Types of errors that come with the status 400 and are about the cluster, not about the document. */
const CLUSTER_TROUBLES: ReadonlySet<string> = new Set([
  "validation_exception", // no more shards allowed
  "index_closed_exception",
  "invalid_index_name_exception",
  "no_such_remote_cluster_exception",
  "process_cluster_event_timeout_exception",
]);
/** The same, where the type says nothing. */
const CLUSTER_REASON = /^pipeline with id \[.*\] does not exist|^no write index is defined/;

/** What became of the items of a call. */
export interface BulkResult {
  readonly rejected: readonly ItemTrouble[];
  readonly postponed: readonly ItemTrouble[];
  /** How many were there already, from an earlier call. */
  readonly known: number;
  /** How many are in the failure store of the data stream, for what its mapping refuses. */
  readonly failed: number;
}

/**
 * The two lines of a document.
 * @param id its `_id`; empty to have one made.
 * @param json the document, one line.
 */
export function encodeBulkItem(id: string, json: string): string {
  return `{"create":${id === "" ? "{}" : `{"_id":${JSON.stringify(id)}}`}}\n${json}\n`;
}

/**
 * Reads what became of each item.
 * @param answer with a status of 200 to 299.
 * @param count how many items were sent.
 * @throws {SinkError} when it is no answer to that call.
 */
export function readBulkAnswer(answer: ClusterAnswer, count: number): BulkResult {
  const items = parseItems(answer.body);
  if (items?.length !== count) {
    throw new SinkError(
      `Cannot deliver to ${answer.destination}: it answered ${describeAnswer(answer)}, ` +
        `must be a bulk answer with ${count} items`,
      answer.body.length < CUT_BYTES,
    );
  }
  const rejected: ItemTrouble[] = [];
  const postponed: ItemTrouble[] = [];
  let known = 0;
  let failed = 0;
  for (const [index, item] of items.entries()) {
    const { status, error, failure_store: failureStore } = item.create ?? {};
    if (typeof status === "number" && status >= 200 && status < 300) {
      if (failureStore === "used") failed++;
      continue;
    }
    if (status === 409) {
      known++;
      continue;
    }
    const trouble = { index, reason: describeError(status, error) };
    if (isRefused(status, error)) rejected.push(trouble);
    else postponed.push(trouble);
  }
  return { rejected, postponed, known, failed };
}

/** An item of the answer, as far as it can be relied on. */
interface BulkItem {
  readonly create?: {
    readonly status?: unknown;
    readonly failure_store?: unknown;
    readonly error?: unknown;
  };
}

function parseItems(body: Uint8Array): readonly BulkItem[] | undefined {
  let items: unknown;
  try {
    items = JSON.parse(new TextDecoder().decode(body))?.items;
  } catch {
    return undefined; // told by the caller, who knows the answer
  }
  const isItem = (item: unknown) => typeof item === "object" && item !== null;
  return Array.isArray(items) && items.every(isItem) ? items : undefined;
}

/** Whether the document is refused for good. */
function isRefused(status: unknown, error: unknown): boolean {
  if (status !== 400 && status !== 413) return false;
  const { type, reason } = fieldsOf(error);
  return !CLUSTER_TROUBLES.has(type) && !CLUSTER_REASON.test(reason);
}

function describeError(status: unknown, error: unknown): string {
  const { type, reason, cause } = fieldsOf(error);
  const words = [String(status), type, [reason, cause].filter(Boolean).join("; ")];
  return escapeText(words.filter(Boolean).join(" ").slice(0, MAX_REASON));
}

function fieldsOf(error: unknown): { type: string; reason: string; cause: string } {
  const { type, reason, caused_by: cause } = recordOf(error);
  return { type: textOf(type), reason: textOf(reason), cause: textOf(recordOf(cause).reason) };
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
