/**
 * Puts the index template where it is missing, or was put by an older sensor.
 * @module
 */
import { SinkError } from "../../errors.ts";
import {
  indexTemplate,
  indexTemplateName,
  indexTemplateVersion,
} from "../../events/index_template.ts";
import type { ElasticOptions } from "../elastic.ts";
import { describeAnswer } from "../http.ts";
import { type Cluster, type ClusterAnswer, clusterFailure } from "./cluster.ts";

const JSON_TYPE = "application/json";

/** Release of Elasticsearch from which a data stream has a lifecycle of its own. */
const LIFECYCLE_SINCE = [8, 11] as const;

/** What answers. */
interface Product {
  readonly product: "elasticsearch" | "opensearch";
  readonly hasLifecycle: boolean;
}

/**
 * Puts the template. One that somebody else made, or a newer sensor, stays.
 * @param cluster where to.
 * @param options data stream, format and product.
 * @param call `version` of this program, and what ends the wait.
 * @throws {SinkError} retryable: none of it is about an event.
 */
export async function installTemplate(
  cluster: Cluster,
  options: ElasticOptions,
  call: { readonly version: string; readonly signal: AbortSignal },
): Promise<void> {
  const { data_stream: dataStream, format } = options;
  const { version, signal } = call;
  const path = `/_index_template/${indexTemplateName(dataStream)}`;
  const found = await cluster.call({ path, method: "GET", contentType: JSON_TYPE }, signal);
  if (found.status !== 404 && !isSuccess(found)) throw failure(found);
  if (found.status !== 404 && !isOlder(found, version)) return;
  const product = await findProduct(cluster, options, signal);
  const template = indexTemplate({ ...product, dataStream, format, version });
  const body = new TextEncoder().encode(JSON.stringify(template));
  const put = await cluster.call({ path, method: "PUT", contentType: JSON_TYPE, body }, signal);
  if (!isSuccess(put)) throw failure(put);
}

async function findProduct(
  cluster: Cluster,
  { product }: ElasticOptions,
  signal: AbortSignal,
): Promise<Product> {
  if (product !== "auto") return { product, hasLifecycle: product === "elasticsearch" };
  const answer = await cluster.call({ path: "/", method: "GET", contentType: JSON_TYPE }, signal);
  if (!isSuccess(answer)) throw failure(answer);
  const { number, distribution } = parse(answer).version ?? {};
  if (distribution === "opensearch") return { product: "opensearch", hasLifecycle: false };
  const [, major, minor] = /^(\d{1,4})\.(\d{1,4})/.exec(String(number)) ?? [];
  if (major === undefined) {
    throw new SinkError(
      `Cannot tell what ${answer.destination} is: it answered ${describeAnswer(answer)}, ` +
        "must be Elasticsearch or OpenSearch, or product must say which",
      true,
    );
  }
  const [sinceMajor, sinceMinor] = LIFECYCLE_SINCE;
  const hasLifecycle = Number(major) > sinceMajor ||
    (Number(major) === sinceMajor && Number(minor) >= sinceMinor);
  return { product: "elasticsearch", hasLifecycle };
}

/** Whether what is there is ours, of an older version. */
function isOlder(answer: ClusterAnswer, version: string): boolean {
  const template = parse(answer).index_templates?.[0]?.index_template;
  if (template === undefined || template === null) return true;
  if (template._meta?.managed_by !== "duckblind") return false;
  return !(Number(template.version) >= indexTemplateVersion(version));
}

/** What these answers may have; whatever is not there is `undefined`. */
interface Answer {
  readonly version?: { readonly number?: unknown; readonly distribution?: unknown };
  readonly index_templates?: readonly {
    readonly index_template?: {
      readonly version?: unknown;
      readonly _meta?: { readonly managed_by?: unknown };
    } | null;
  }[];
}

function parse(answer: ClusterAnswer): Answer {
  try {
    return JSON.parse(new TextDecoder().decode(answer.body)) ?? {};
  } catch (error) {
    throw new SinkError(
      `Cannot read what ${answer.destination} answered: ${describeAnswer(answer)}, must be JSON`,
      true,
      { cause: error },
    );
  }
}

function isSuccess({ status }: ClusterAnswer): boolean {
  return status >= 200 && status < 300;
}

function failure(answer: ClusterAnswer): SinkError {
  const { message, retryAfterMs } = clusterFailure(answer);
  return new SinkError(
    message.replace(/^Cannot deliver to/, "Cannot put the index template to"),
    true,
    retryAfterMs === undefined ? {} : { retryAfterMs },
  );
}
