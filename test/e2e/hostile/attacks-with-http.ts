// Attacks on the port where WebSockets and the dashboard are, by connections that never ask for a WebSocket. Whoever
// looks after the site has to get in meanwhile: the hub answers over HTTP, and takes a client over a new WebSocket.

import { get } from "node:http";
import { setTimeout as after } from "node:timers/promises";
import { type Attack, noBreath, type Scene } from "./attack.ts";

const connectionsMax = 4000;
/** Longer, and somebody with a phone in their hand gives up. */
const answerMax = 1000;
/** So often somebody tries to get in. */
const tryEvery = 100;

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
  let tries = 0;
  while (!scene.isOver) {
    await after(tryEvery);
    const startedAt = performance.now();
    await answered(scene);
    const client = await scene.joinFully();
    const took = performance.now() - startedAt;
    if (!client.isOpen) throw new Error(`a client over a new WebSocket did not get in, after ${took} ms`);
    // The end of the scene ends waiting, too.
    if (took > answerMax && !scene.isOver) throw new Error(`to get in took ${took} ms`);
    client.end();
    tries += 1;
  }
  if (tries < 5) throw new Error(`only ${tries} tries to get in`);
}

/** Resolves when the hub has answered on a connection of its own. */
async function answered({ target }: Scene): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const request = get(`${target.http}/healthz`, { agent: false, timeout: answerMax }, (response) => {
    response.resume();
    if (response.statusCode === 200) response.once("end", () => resolve());
    else reject(new Error(`/healthz answered ${response.statusCode}`));
  });
  request.once("timeout", () => request.destroy(new Error(`/healthz said nothing for ${answerMax} ms`)));
  request.once("error", reject);
  await promise;
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
