/**
 * An open elastic sink: see `../elastic.ts`.
 * @module
 */
import { SinkError } from "../../errors.ts";
import type { SensorEvent } from "../../events/emitter.ts";
import { encodeAs } from "../../events/encoders/encoder.ts";
import type { ElasticOptions } from "../elastic.ts";
import { eventIdOf } from "../event_fields.ts";
import { encodeInSlices } from "../http_poster.ts";
import type { Batch, Outcome, Sink, SinkContext } from "../sink.ts";
import { BULK_FILTER, type BulkResult, encodeBulkItem, readBulkAnswer } from "./bulk.ts";
import { Cluster, type ClusterAnswer, clusterFailure } from "./cluster.ts";
import { installTemplate } from "./template_installer.ts";

/** Creates documents. */
export class ElasticSink implements Sink {
  readonly #options: ElasticOptions;
  readonly #context: SinkContext;
  readonly #cluster: Cluster;
  readonly #path: string;
  #isPrepared: boolean;

  /**
   * @param options of the config.
   * @param context reads the secrets, and knows our version.
   */
  constructor(options: ElasticOptions, context: SinkContext) {
    this.#options = options;
    this.#context = context;
    this.#cluster = new Cluster(options, context);
    this.#isPrepared = !options.install_template;
    const { data_stream: dataStream, pipeline } = options;
    this.#path = `/${dataStream}/_bulk?filter_path=${BULK_FILTER}` +
      (pipeline === "" ? "" : `&pipeline=${encodeURIComponent(pipeline)}`);
  }

  async write({ events }: Batch, signal: AbortSignal): Promise<Outcome> {
    // Before the first event, which would make an index without it.
    if (!this.#isPrepared) {
      const { version } = this.#context.sensor;
      await installTemplate(this.#cluster, this.#options, { version, signal });
      this.#isPrepared = true;
    }
    const body = await encodeInSlices(events, (event) => this.#encode(event));
    const contentType = "application/x-ndjson";
    const answer = await this.#cluster.call({ path: this.#path, contentType, body }, signal);
    if (answer.status < 200 || answer.status > 299) throw clusterFailure(answer);
    const result = readBulkAnswer(answer, events.length);
    if (result.postponed.length === events.length) throw busy(answer, result);
    return {
      reply: summarize(events.length, result),
      rejected: result.rejected,
      postponed: result.postponed,
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#cluster[Symbol.dispose]();
    return Promise.resolve();
  }

  #encode(event: SensorEvent): string {
    const { format } = this.#options;
    const json = encodeAs(format, event);
    // A data stream wants this field, which OCSF does not have.
    const time = format === "ecs" ? "" : `"@timestamp":"${new Date(event.timeMs).toISOString()}",`;
    return encodeBulkItem(eventIdOf(event), time === "" ? json : `{${time}${json.slice(1)}`);
  }
}

/** A cluster that took nothing is like one that is down. */
function busy({ destination }: ClusterAnswer, { postponed }: BulkResult): SinkError {
  return new SinkError(
    `Cannot deliver to ${destination}: it took none of ${postponed.length}, the first for ` +
      postponed[0]!.reason,
    true,
  );
}

function summarize(count: number, result: BulkResult): string {
  const { rejected, postponed, known, failed } = result;
  const parts = [`${count - rejected.length - postponed.length} of ${count} taken`];
  if (known > 0) parts.push(`${known} there already`);
  if (failed > 0) parts.push(`${failed} in the failure store, which the mapping refused`);
  if (rejected.length > 0) parts.push(`${rejected.length} refused: ${rejected[0]!.reason}`);
  if (postponed.length > 0) parts.push(`${postponed.length} put off: ${postponed[0]!.reason}`);
  return parts.join(", ").slice(0, 1024);
}
