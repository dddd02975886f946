/**
 * The NATS project's libraries, imported here and nowhere else.
 *
 * Large, so whoever uses them is loaded on demand only. What they need of the world is a transport,
 * which is ours (`transport.ts`): their own would want more rights than a sensor has.
 * @module
 */
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import {
  createInbox,
  credsAuthenticator,
  headers,
  NatsConnectionImpl,
  nkeyAuthenticator,
  setTransportFactory,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from "@nats-io/nats-core/internal";

export {
  createInbox,
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
  Msg,
  NatsConnection,
  Server,
  Transport,
} from "@nats-io/nats-core/internal";
