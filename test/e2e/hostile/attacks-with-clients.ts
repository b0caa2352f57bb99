// Attacks with connections: many of them, silent ones, short ones, and what they leave behind.

import { type Attack, type JoinOptions, noBreath, type Scene } from "./attack.ts";
import { connectPacket, disconnectPacket, subscribePacket } from "./raw-packets.ts";

const silentMax = 4000;
const bothTransports = ["tcp", "websocket"] as const;

/** As many as go at a time, up to `silentMax`; however many of them are cut. */
async function beSilent(scene: Scene, options: (index: number) => JoinOptions): Promise<void> {
  // Opened 200 at a time: an attacker's own machine must keep up.
  const atATime = 200;
  let opened = 0;
  const open = async (): Promise<void> => {
    if (opened >= silentMax) return scene.end();
    opened += 1;
    await scene.join(options(opened));
    return undefined;
  };
  await scene.crowd(atATime, open, noBreath);
}

/** Loopback is a whole network: a place for each hundred. */
const elsewhere = (index: number): JoinOptions => ({ localAddress: `127.0.1.${1 + (index % 40)}` });

/** Comes, and goes with or without a word; twenty at a time. */
async function comeAndGo(scene: Scene, isPolite: boolean, options: (index: number) => JoinOptions) {
  let number = 0;
  const once = async (): Promise<void> => {
    const connection = await scene.joinFully(options((number += 1)));
    if (isPolite) connection.write(disconnectPacket());
    else connection.reset();
    connection.end();
    await Promise.race([connection.closed, scene.end()]);
  };
  await scene.crowd(20, once, noBreath);
}

const will = (index: number, isRetained: boolean): JoinOptions => ({
  will: { topic: `will/${index}`, payload: Buffer.alloc(700, "x"), isRetained },
});

export const attacksWithClients: readonly Attack[] = [
  {
    name: "4,000 silent connections",
    phases: ["before CONNECT"],
    on: bothTransports,
    reasons: ["too-many-connections", "too-many-from-address", "no-connect"],
    run: (scene) => beSilent(scene, () => ({})),
  },
  {
    name: "4,000 silent connections from many addresses",
    phases: ["before CONNECT"],
    on: ["tcp"],
    reasons: ["too-many-connections", "no-connect"],
    run: (scene) => beSilent(scene, elsewhere),
  },
  {
    name: "4,000 silent clients",
    phases: ["after CONNECT"],
    on: bothTransports,
    reasons: ["too-many-connections", "too-many-from-address"],
    run: (scene) => beSilent(scene, () => ({})),
  },
  {
    name: "4,000 silent clients from many addresses",
    phases: ["after CONNECT"],
    on: ["tcp"],
    reasons: ["too-many-connections"],
    run: (scene) => beSilent(scene, elsewhere),
  },
  {
    name: "clients that come and go",
    phases: ["after CONNECT"],
    on: bothTransports,
    reasons: [],
    run: (scene) => comeAndGo(scene, true, () => ({})),
  },
  {
    name: "clients that come and are gone without a word",
    phases: ["after CONNECT"],
    on: ["tcp"],
    reasons: [],
    run: (scene) => comeAndGo(scene, false, () => ({})),
  },
  {
    name: "clients that go under one name in turn",
    phases: ["after CONNECT"],
    on: ["tcp"],
    reasons: [],
    run: (scene) => comeAndGo(scene, false, () => ({ id: "the-same" })),
  },
  {
    name: "connections that are gone before they have said a word",
    phases: ["before CONNECT"],
    on: ["tcp"],
    reasons: [],
    run: (scene) => scene.crowd(20, () => sayHalfAWord(scene), noBreath),
  },
  {
    name: "wills by the thousand",
    phases: ["after CONNECT"],
    on: ["tcp"],
    reasons: [],
    run: (scene) => comeAndGo(scene, false, (index) => will(index, false)),
  },
  {
    name: "retained wills by the thousand",
    phases: ["after CONNECT"],
    on: ["tcp"],
    // In a short time there are too few of them to meet a bound.
    reasons: [],
    run: (scene) => comeAndGo(scene, false, (index) => will(index, true)),
  },
  {
    name: "sessions of clients that never come back",
    phases: ["after CONNECT"],
    on: ["tcp"],
    reasons: ["session-quota"],
    outcomes: ["session-ended"],
    // A thousand may stay, and there must be more.
    secondsMin: 5,
    run: leaveSessions,
  },
];

async function sayHalfAWord(scene: Scene): Promise<void> {
  const connection = await scene.dial();
  connection.write(connectPacket("half").subarray(0, 8));
  connection.reset();
}

async function leaveSessions(scene: Scene): Promise<void> {
  let number = 0;
  const once = async (): Promise<void> => {
    const id = `never-again-${(number += 1)}`;
    const connection = await scene.joinFully({ id, clean: false });
    const filters = Array.from({ length: 20 }, (_, index) => `session/${number}/${index}`);
    connection.write(subscribePacket(1, filters, 1));
    connection.write(disconnectPacket());
    connection.end();
    await Promise.race([connection.closed, scene.end()]);
  };
  await scene.crowd(20, once, noBreath);
}
