/** What stands between the HTTP server and whoever connects: the door, the clocks, and a reason for each end. */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { messageOf } from "@interactor/shared/kernel/fault";
import type { BrokerFault, BrokerRules } from "../../ports/broker.ts";
import { type Guest, HttpDoor } from "./http-door.ts";

/** Connections at a time, those included that are just being closed. More: refuse, before anything is made of it. */
const connectionsMax = 2200;
/** An answer of which nothing is taken for so long: cut. */
const stallMax = 10_000;

/** Of Node's server, in milliseconds. */
export const httpTimes = {
  /** From the connection, or from a request's first byte, to the end of its head: some hundred bytes. Longer: cut. */
  headersTimeout: 5000,
  /** To the end of all of it: a bundle of 4 MB over a line of 1 Mbit/s. Longer: cut; one that stalls is cut before. */
  requestTimeout: 60_000,
  connectionsCheckingInterval: 1000,
  /** From an answer to the next request. Longer: closed, which is no fault. */
  keepAliveTimeout: 5000,
} as const;

interface HttpGuest extends Guest {
  /** Requests without their whole answer. */
  open: number;
}

export class HttpGuard {
  readonly #door = new HttpDoor();
  readonly #guests = new WeakMap<Duplex, HttpGuest>();
  readonly #faulted: BrokerRules["faulted"];

  /** Guards the server from now on. */
  constructor(server: Server, faulted: BrokerRules["faulted"]) {
    this.#faulted = faulted;
    server.maxConnections = connectionsMax;
    server.on("drop", (dropped) => this.turnAway(dropped?.remoteAddress ?? "", fullHouse));
    server.on("connection", (socket: Socket) => this.#welcome(socket));
    server.on("request", (request, response) => this.#asked(request, response));
    server.on("clientError", (error, socket) => this.#failed(error, socket));
    server.setTimeout(stallMax, (socket: Socket) => this.#timedOut(socket));
  }

  /** Why an address may not have another WebSocket; `undefined`: it may. */
  refusal(address: string): { readonly fault: BrokerFault; readonly words: string } | undefined {
    return this.#door.refusal(address);
  }

  upgraded(socket: Duplex): void {
    const guest = this.#guests.get(socket);
    if (guest !== undefined) this.#door.upgraded(guest);
  }

  /** Counts somebody who does not get what it asks for. */
  turnAway(address: string, { fault, words }: { readonly fault: BrokerFault; readonly words: string }): void {
    this.#faulted(fault, `${address}: ${words}`, { who: address, outcome: "turned-away" });
  }

  #welcome(socket: Socket): void {
    const address = socket.remoteAddress ?? "";
    const guest: HttpGuest = {
      address,
      open: 0,
      cut: (fault, words) => {
        this.#door.leave(guest);
        this.#tell(address, fault, words);
        socket.destroy();
      },
    };
    this.#guests.set(socket, guest);
    socket.once("close", () => this.#door.leave(guest));
    this.#door.enter(guest);
  }

  #asked({ socket }: IncomingMessage, response: ServerResponse): void {
    const guest = this.#guests.get(socket);
    if (guest === undefined) return;
    guest.open += 1;
    this.#door.stirred(guest);
    response.once("close", () => {
      guest.open -= 1;
      this.#door.stirred(guest);
    });
  }

  /** Node has closed the connection, or will. An error of the network is how connections end, and nobody's fault. */
  #failed(error: Error, socket: Duplex): void {
    const address = this.#guests.get(socket)?.address ?? "";
    const code = "code" in error ? String(error.code) : "";
    if (code === "ERR_HTTP_REQUEST_TIMEOUT") this.#tell(address, "no-connect", late);
    else if (code.startsWith("HPE_")) this.#tell(address, "protocol", `HTTP: ${messageOf(error)}`);
  }

  #timedOut(socket: Socket): void {
    const guest = this.#guests.get(socket);
    if (guest !== undefined && guest.open > 0)
      return guest.cut("stalled", `took nothing of its answer for ${stallMax} ms`);
    socket.destroy();
    return undefined;
  }

  #tell(address: string, fault: BrokerFault, words: string): void {
    this.#faulted(fault, `${address}: ${words}`, { who: address });
  }
}

const late = `no HTTP request within ${httpTimes.headersTimeout} ms, or not all of it within ${httpTimes.requestTimeout} ms`;

const fullHouse = {
  fault: "too-many-connections",
  words: `${connectionsMax} HTTP connections are open`,
} as const;
