/** Runs beside olad in its namespace: asks its HTTP interface, and sees the same sACN packets as it does. */
import { createSocket } from "node:dgram";
import { decodeExtended, discoveryUniverse } from "../../agent/modules/dmx/sacn-extended.ts";
import { decodeSacn, sacnGroup, sacnPort } from "../../agent/modules/dmx/sacn.ts";
import { answerRequests } from "./remote.ts";

export type ProbeQuestion =
  | { readonly kind: "get"; readonly url: string }
  | { readonly kind: "post"; readonly url: string; readonly form: string }
  /** From now on packets of this universe are kept. */
  | { readonly kind: "watch"; readonly universe: number; readonly interface: string }
  | { readonly kind: "packets" }
  /** Sources that say what they send. */
  | { readonly kind: "discoveries" };

export interface SeenPacket {
  readonly universe: number;
  readonly sourceName: string;
  readonly sequence: number;
  readonly isTerminated: boolean;
  /** What the first slot holds. */
  readonly level: number;
}

export interface SeenDiscovery {
  readonly sourceName: string;
  readonly universes: readonly number[];
  /** In ms since this program began. */
  readonly at: number;
}

const seen: SeenPacket[] = [];
const discoveries: SeenDiscovery[] = [];
const socket = createSocket({ type: "udp4", reuseAddr: true });
socket.on("message", (bytes) => {
  const extended = decodeExtended(bytes);
  if (extended?.kind === "discovery") {
    const { sourceName, universes } = extended;
    discoveries.push({ sourceName, universes, at: performance.now() });
  }
  const packet = decodeSacn(bytes);
  if (packet === undefined) return;
  const { universe, sourceName, sequence, isTerminated, levels } = packet;
  seen.push({ universe, sourceName, sequence, isTerminated, level: levels[0] ?? 0 });
});
const bound = new Promise<void>((resolve, reject) => {
  socket.once("error", reject);
  socket.bind(sacnPort, resolve);
});

answerRequests(async (asked) => {
  const question = asked as ProbeQuestion;
  switch (question.kind) {
    case "get": {
      const response = await fetch(question.url);
      return response.json();
    }
    case "post": {
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      const response = await fetch(question.url, { method: "POST", headers, body: question.form });
      return response.text();
    }
    case "watch":
      await bound;
      socket.addMembership(sacnGroup(question.universe), question.interface);
      socket.addMembership(sacnGroup(discoveryUniverse), question.interface);
      return null;
    case "packets":
      return seen;
    case "discoveries":
      return discoveries;
    default:
      throw new Error(`unknown question ${JSON.stringify(question)}`);
  }
});
