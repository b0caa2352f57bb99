/** Which loads there are, and in which shapes each is given. */
import { optionsOf } from "./generator.ts";

/** Burst: a closed loop, several packets a write. Spaced: 20,000 deliveries a second, one packet a write. */
export type Shape = "burst" | "spaced";

export type LoadKind = "flow" | "latency" | "connections" | "storm";

export interface Load {
  readonly name: string;
  readonly about: string;
  readonly kind: LoadKind;
  readonly shapes: readonly Shape[];
  /** For the generator; a shape adds its own. */
  readonly args: readonly string[];
  /** Whether batches that the hub takes in process stand beside messages that it hands on. */
  readonly isAlsoIngested?: true;
}

/** Long enough for some garbage collections and a second of deliveries; short enough for 400 runs in a quarter of an hour. */
const measured = optionsOf({ warm: 0.4, seconds: 1.2 });
const spaced = optionsOf({ rate: 20_000 });
/** Agents of one site: as many as a large installation has. */
export const ingestAgents = 100;
const agents = optionsOf({ publishers: ingestAgents });
const both = ["burst", "spaced"] as const;

const qos1 = optionsOf({ qos: 1 });
const fanIn = ["fan-in", ...agents, ...optionsOf({ subscribers: 1 })];
const pairs = ["pairs", ...agents];

/** What a broker does that stores nothing, with the agents of `ingestArguments`. */
export const fanInQos1 = flow("fan-in-qos1", "the same at QoS 1, burst", ["burst"], [...fanIn, ...qos1]);

export const loads: readonly Load[] = [
  flow("fan-in-qos0", "100 publishers to one subscriber at QoS 0", both, fanIn),
  { ...fanInQos1, isAlsoIngested: true },
  {
    ...flow("fan-in-qos1-spaced", "the same at QoS 1, spaced", ["spaced"], [...fanIn, ...qos1]),
    isAlsoIngested: true,
  },
  flow("pairs-qos0", "100 publishers, each to a subscriber of its own, at QoS 0", both, pairs),
  flow("pairs-qos1", "the same at QoS 1", both, [...pairs, ...qos1]),
  flow("fan-out-100", "one publisher to 100 subscribers at QoS 0", both, [
    "fan-out",
    ...optionsOf({ subscribers: 100 }),
  ]),
  flow(
    "wildcards-1000",
    "10 publishers to 10 subscribers with 100 filters each that have a plus, QoS 0",
    both,
    ["wildcards", ...optionsOf({ publishers: 10, subscribers: 10, filters: 1000 })],
  ),
  {
    name: "latency-2k",
    about: "20 pairs at QoS 0, 2,000 messages a second in all: how late they come",
    kind: "latency",
    shapes: ["spaced"],
    args: ["pairs", ...optionsOf({ publishers: 20, rate: 2000, warm: 0.5, seconds: 2 })],
  },
  {
    name: "connections-10k",
    about: "10,000 clients that connect and stay",
    kind: "connections",
    shapes: ["burst"],
    args: ["connections", ...optionsOf({ clients: 10_000, seconds: 0.5, timeout: 60 })],
  },
  {
    name: "connect-storm",
    about: "64 clients that connect, say goodbye and begin again",
    kind: "storm",
    shapes: ["burst"],
    args: ["storm", ...optionsOf({ clients: 64, addresses: 8 }), ...measured],
  },
];

function flow(name: string, about: string, shapes: readonly Shape[], args: readonly string[]): Load {
  return { name, about, kind: "flow", shapes, args };
}

/** The whole command line but for the broker's port and process. */
export function argumentsOf({ kind, args }: Load, shape: Shape): readonly string[] {
  if (kind !== "flow") return args;
  return [...args, ...measured, ...(shape === "spaced" ? spaced : [])];
}

/** The same agents, each with a batch of one reading in place of a message. */
export function ingestArguments(shape: Shape): readonly string[] {
  return ["ingest", ...agents, ...measured, ...(shape === "spaced" ? spaced : [])];
}
