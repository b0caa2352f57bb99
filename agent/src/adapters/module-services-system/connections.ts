/**
 * TCP connections for instances. An address that fails again and again is given a rest: a module that asks for it in a
 * loop costs the agent nothing then, and a device that comes back is not met by all at once.
 */
import {
  BrokenCircuitError,
  circuitBreaker,
  type CircuitBreakerPolicy,
  ConsecutiveBreaker,
  handleAll,
} from "cockatiel";
import { connect, type Socket } from "node:net";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import type { ByteLine, ByteLineEnds } from "../../ports/module-services.ts";

/** Failures after each other. More: the address rests. */
const failuresMax = 5;
/** Then one is let through to see. */
const rest = 10_000;
/** An attempt that takes longer has failed. */
const connectTimeout = 5000;
/** Addresses that are remembered: the oldest is forgotten for a new one. */
const addressesMax = 256;

export class Connections {
  readonly #breakers = new Map<string, CircuitBreakerPolicy>();

  async open(host: string, port: number, ends: ByteLineEnds): Promise<ByteLine> {
    try {
      const socket = await this.#breakerOf(`${host}:${port}`).execute(() => opened(host, port));
      return lineOf(socket, ends);
    } catch (error) {
      if (error instanceof BrokenCircuitError)
        throw new Fault("UNAVAILABLE", `${host}:${port} failed ${failuresMax} times and is given a rest`, {
          cause: error,
        });
      throw new Fault("CONNECT_FAILED", `${host}:${port}: ${messageOf(error)}`, { cause: error });
    }
  }

  #breakerOf(address: string): CircuitBreakerPolicy {
    const known = this.#breakers.get(address);
    if (known !== undefined) return known;
    const breaker = circuitBreaker(handleAll, {
      halfOpenAfter: rest,
      breaker: new ConsecutiveBreaker(failuresMax),
    });
    const [oldest] = this.#breakers.keys();
    if (this.#breakers.size >= addressesMax && oldest !== undefined) this.#breakers.delete(oldest);
    this.#breakers.set(address, breaker);
    return breaker;
  }
}

function opened(host: string, port: number): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect({ host, port, noDelay: true });
  socket.setTimeout(connectTimeout, () => socket.destroy(new Error("no answer in 5 s")));
  socket.once("error", reject);
  socket.once("connect", () => {
    socket.setTimeout(0);
    socket.removeListener("error", reject);
    // Nothing is read before somebody listens.
    socket.pause();
    resolve(socket);
  });
  return promise;
}

function lineOf(socket: Socket, ends: ByteLineEnds): ByteLine {
  let reason = "the other side closed it";
  socket.on("error", (error) => (reason = error.message));
  socket.on("close", () => ends.closed(reason));
  socket.on("data", (bytes: Buffer) => ends.came(new Uint8Array(bytes)));
  // Whoever asked is told first that it is open.
  setImmediate(() => socket.resume());
  return {
    write(bytes) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      socket.write(bytes, (error) => (error ? reject(new Fault("CLOSED", error.message)) : resolve()));
      return promise;
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    close() {
      reason = "it was closed";
      socket.destroy();
    },
  };
}
