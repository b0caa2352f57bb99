/** HTTP: dashboard, API, health, metrics, and MQTT over WebSocket. Who may speak to it is checked first. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import fastify, { type FastifyInstance } from "fastify";
import { WebSocketServer } from "ws";
import type { BrokerFault, BrokerRules } from "../../ports/broker.ts";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import { apiPaths } from "@interactor/shared/wire/api";
import { payloadBytesMax } from "@interactor/shared/wire/limits";
import type { ModuleRegistry } from "../../ports/module-registry.ts";
import type { LogDesk } from "../../ports/log-desk.ts";
import type { ProfileDesk } from "../../ports/profile-desk.ts";
import type { TrustDesk } from "../../ports/trust-desk.ts";
import type { SiteControl } from "../../ports/site-control.ts";
import type { HubView } from "../../ports/view.ts";
import { readersOnly, signedWith } from "./asker.ts";
import { routeConfigApi } from "./config-api.ts";
import { type CrashDesk, routeCrashes } from "./crash-routes.ts";
import { loadDashboard } from "./dashboard-files.ts";
import { HttpGuard, httpTimes } from "./http-guard.ts";
import { Metrics } from "./metrics.ts";
import { routeLogs } from "./log-routes.ts";
import { routeProfiles } from "./profile-routes.ts";
import { routeRegistry } from "./registry-routes.ts";
import { routeTrust } from "./trust-routes.ts";
import { routeRecording, type TakeRecording } from "./recording-route.ts";
import { WebSocketStream } from "./web-socket-stream.ts";

export interface HttpOptions {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  readonly site: string;
  /** The folder of the built dashboard. */
  readonly dashboard: string;
  /** Serves MQTT on the stream of a WebSocket that was accepted from this address. */
  readonly acceptMqtt: (stream: Duplex, address: string) => void;
  readonly record: TakeRecording;
  /** Told of everybody who is turned away or cut. */
  readonly faulted: BrokerRules["faulted"];
  readonly trust: TrustDesk;
  readonly registry: Pick<ModuleRegistry, "search" | "versions">;
  readonly crashes: CrashDesk;
  readonly profiles: ProfileDesk;
  readonly logs: LogDesk;
}

export interface HttpServer extends AsyncDisposable {
  readonly port: number;
}

/**
 * Connections that the kernel holds until they are taken; Linux allows no more. More: whoever comes has to knock again
 * after a second, which an operator notices.
 */
const backlog = 4096;
const mqttPath = "/mqtt";
/** The WebSocket subprotocol that MQTT 3.1.1 section 6 asks for. */
const mqttProtocol = "mqtt";

const securityHeaders = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
} as const;

export async function openHttp(
  options: HttpOptions,
  view: HubView,
  control: SiteControl,
): Promise<HttpServer> {
  const { keepAliveTimeout, requestTimeout } = httpTimes;
  const app = fastify({
    logger: false,
    bodyLimit: 64 * 1024,
    forceCloseConnections: true,
    http: httpTimes,
    keepAliveTimeout,
    requestTimeout,
  });
  const guard = new HttpGuard(app.server, options.faulted);
  const isKnownHost = hostCheck(options.host);
  app.addHook("onRequest", async (request, reply) => {
    reply.headers(securityHeaders);
    if (isKnownHost(request.headers.host)) return undefined;
    const words = `HTTP under the host name ${request.headers.host ?? "(none)"}`;
    guard.turnAway(request.ip, { fault: "refused", words });
    return reply.code(421).send({ error: "this hub is not known under that host name" });
  });
  routeApi(app, options.site, view);
  await routeDesks(app, options, view, control);
  for (const file of await loadDashboard(options.dashboard, options.site)) {
    app.get(file.path, async (_request, reply) =>
      reply.type(file.type).header("cache-control", "no-cache").send(file.body),
    );
  }
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: 2 * payloadBytesMax,
    perMessageDeflate: false,
    handleProtocols: () => mqttProtocol,
  });
  const refuse = (socket: Duplex, address: string, { status, ...refusal }: Refusal) => {
    guard.turnAway(address, { ...refusal, words: `a WebSocket: ${status}: ${refusal.words}` });
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () =>
      socket.destroy(),
    );
  };
  app.server.on("upgrade", (request, socket, head) => {
    // Node takes its own listener off before an upgrade; a client that resets it must not end the hub.
    socket.on("error", () => socket.destroy());
    const address = request.socket.remoteAddress ?? "";
    const refusal = refusalOf(request, isKnownHost) ?? fullHouse(guard.refusal(address));
    if (refusal !== undefined) return refuse(socket, address, refusal);
    return sockets.handleUpgrade(request, socket, head, (webSocket) => {
      guard.upgraded(socket);
      options.acceptMqtt(new WebSocketStream(webSocket, request.socket), address);
    });
  });
  sockets.on("wsClientError", (error, socket, request) =>
    refuse(socket, request.socket.remoteAddress ?? "", badRequest(messageOf(error))),
  );
  return { port: await listen(app, options), [Symbol.asyncDispose]: () => close(app, sockets) };
}

async function routeDesks(
  app: FastifyInstance,
  { profiles, logs, trust, registry, crashes, record }: HttpOptions,
  view: HubView,
  control: SiteControl,
): Promise<void> {
  routeRegistry(app, registry, view);
  await routeConfigApi(app, control, (api) => {
    const signed = signedWith(control);
    routeProfiles(api, profiles, signed);
    routeLogs(api, logs, signed);
    routeTrust(api, trust, signed);
    const read = { onRequest: readersOnly(control) };
    routeCrashes(api, crashes, read);
    routeRecording(api, record, read);
  });
}

function routeApi(app: FastifyInstance, site: string, view: HubView): void {
  const metrics = new Metrics(view);
  app.get(apiPaths.health, async () => ({ status: "ok" }));
  app.get(apiPaths.ready, async (_request, reply) => {
    const { ready, problems } = view.readiness();
    return reply.code(ready ? 200 : 503).send({ site, status: ready ? "ready" : "not ready", problems });
  });
  app.get(apiPaths.nodes, async () => view.nodes());
  app.get(apiPaths.routes, async () => view.routes());
  app.get(apiPaths.ledger, async () => view.ledger());
  app.get<{ Params: { readonly node: string } }>(`${apiPaths.ledger}/:node`, async ({ params }, reply) => {
    const ledger = view.ledger(params.node);
    return ledger ?? reply.code(404).send({ error: `nothing is known of a node "${params.node}"` });
  });
  app.get(apiPaths.metrics, async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  );
}

/**
 * Whether a Host header names this hub. A page of another origin that points its own name at our address
 * (DNS rebinding) would otherwise speak to us with the user's browser.
 */
function hostCheck(host: string): (header: string | undefined) => boolean {
  const known = new Set(["127.0.0.1", "localhost", "[::1]", host]);
  return (header) => header !== undefined && known.has(header.replace(/:\d{1,5}$/, "").toLowerCase());
}

interface Refusal {
  /** Of the answer's first line. */
  readonly status: string;
  readonly fault: BrokerFault;
  readonly words: string;
}

const refused = (status: string, words: string): Refusal => ({ status, fault: "refused", words });
const badRequest = (words: string) => refused("400 Bad Request", words);

const fullHouse = (refusal: ReturnType<HttpGuard["refusal"]>): Refusal | undefined =>
  refusal && { status: "503 Service Unavailable", ...refusal };

/** Why it gets no WebSocket; `undefined`: it may. A browser always says its origin, programs need not. */
function refusalOf(
  request: IncomingMessage,
  isKnownHost: (header: string | undefined) => boolean,
): Refusal | undefined {
  const { host, origin, "sec-websocket-protocol": protocols = "" } = request.headers;
  if (request.url !== mqttPath) return refused("404 Not Found", "it is at /mqtt");
  if (!isKnownHost(host))
    return refused("421 Misdirected Request", `under the host name ${host ?? "(none)"}`);
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`)
    return refused("403 Forbidden", `from a page of ${origin}`);
  if (!protocols.split(",").some((each) => each.trim() === mqttProtocol))
    return badRequest("without the subprotocol mqtt");
  return undefined;
}

async function listen(app: FastifyInstance, { host, port }: HttpOptions): Promise<number> {
  try {
    await app.listen({ host, port, backlog });
  } catch (error) {
    const words = `cannot listen for HTTP on ${host}:${port}: ${messageOf(error)}; give another --http-port`;
    throw new Fault("PORT_UNAVAILABLE", words, { cause: error });
  }
  const address = app.server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}

async function close(app: FastifyInstance, sockets: WebSocketServer): Promise<void> {
  for (const socket of sockets.clients) socket.terminate();
  sockets.close();
  await app.close();
}
