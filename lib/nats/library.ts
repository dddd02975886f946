/**
 * The NATS project's libraries, imported here and nowhere else.
 *
 * Large, so whoever uses them is loaded on demand only. What they need of the world is a transport,
 * which is ours (`transport.ts`): their own would want more rights than a sensor has.
 * @module
 */
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import {
  credsAuthenticator,
  headers,
  NatsConnectionImpl,
  nkeyAuthenticator,
  setTransportFactory,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from "@nats-io/nats-core/internal";

export {
  credsAuthenticator,
  headers,
  jetstream,
  jetstreamManager,
  NatsConnectionImpl,
  nkeyAuthenticator,
  setTransportFactory,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
};
export {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
} from "@nats-io/jetstream";
export type {
  ConsumerMessages,
  JetStreamClient,
  JetStreamManager,
  JsMsg,
  PubAck,
} from "@nats-io/jetstream";
export {
  AuthorizationError,
  NoRespondersError,
  PermissionViolationError,
  RequestError,
  TimeoutError,
  UserAuthenticationExpiredError,
} from "@nats-io/nats-core/internal";
export type {
  Authenticator,
  ConnectionOptions,
  NatsConnection,
  Server,
  Transport,
} from "@nats-io/nats-core/internal";
