// Attacks on the port where WebSockets and the dashboard are, by connections that never ask for a WebSocket. Whoever
// looks after the site has to get in meanwhile: the hub answers over HTTP, and takes a client over a new WebSocket.

import { join } from "node:path";
import { Remote } from "../remote.ts";
import { type Attack, noBreath, type Scene } from "./attack.ts";
import { isLong } from "./length.ts";
import type { OperatorReport, OperatorRequest } from "./operator.ts";

const connectionsMax = 4000;
/** It all comes in the first seconds; who tries for longer, in seconds, learns nothing. */
const triesMax = 15;
/** Longer, and somebody with a phone in their hand gives up. */
const answerMax = 1000;

const asked = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n";

const here = (): string => "127.0.0.1";
/** Loopback is a whole network. */
const elsewhere = (index: number): string => `127.0.1.${1 + (index % 40)}`;

interface Siege {
  readonly words?: string;
  readonly addressOf?: (index: number) => string;
}

/** Connections as fast as they go that say `words` and stay; meanwhile somebody has to get in. */
async function besiege(scene: Scene, { words = "", addressOf = here }: Siege): Promise<void> {
  const atATime = 200;
  let opened = 0;
  const open = async (): Promise<void> => {
    if (opened >= connectionsMax) return scene.end();
    opened += 1;
    const connection = await scene.dial(addressOf(opened), "http");
    if (words !== "") connection.write(Buffer.from(words));
    return undefined;
  };
  await Promise.all([scene.crowd(atATime, open, noBreath), getIn(scene)]);
}

async function getIn(scene: Scene): Promise<void> {
  await using operator = new Remote([process.execPath, join(import.meta.dirname, "operator.ts")]);
  const { http, mqtt } = scene.target;
  const request: OperatorRequest = { target: { http, mqtt }, seconds: Math.min(scene.seconds, triesMax) };
  const { tries, healthMax, clientMax, problems } = (await operator.ask(request)) as OperatorReport;
  const figures = `${tries} tries, /healthz in ${healthMax} ms, a client in ${clientMax} ms: ${problems.join("; ")}`;
  if (isLong) console.log(figures);
  if (problems.length > 0 || tries < 5 || healthMax > answerMax || clientMax > answerMax)
    throw new Error(`somebody could not get in as usual: ${figures}`);
}

export const attacksWithHttp: readonly Attack[] = [
  {
    name: "4,000 silent connections to the HTTP port",
    phases: ["before CONNECT"],
    on: ["websocket"],
    reasons: ["too-many-from-address"],
    run: (scene) => besiege(scene, {}),
  },
  {
    name: "4,000 silent connections from many addresses to the HTTP port",
    phases: ["before CONNECT"],
    on: ["websocket"],
    reasons: ["no-connect"],
    run: (scene) => besiege(scene, { addressOf: elsewhere }),
  },
  {
    name: "4,000 connections with the beginning of a request",
    phases: ["before CONNECT"],
    on: ["websocket"],
    reasons: ["too-many-from-address"],
    run: (scene) => besiege(scene, { words: asked }),
  },
  {
    name: "4,000 connections that ask once and stay",
    phases: ["before CONNECT"],
    on: ["websocket"],
    reasons: ["too-many-from-address"],
    run: (scene) => besiege(scene, { words: `${asked}\r\n` }),
  },
];
