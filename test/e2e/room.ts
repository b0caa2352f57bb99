// What most tests of the whole need: a hub, and one node `a` with a serial line `desk` going in and a universe
// `stage` coming out; `level` of the line goes to channel 1 over a route on the node.

import {
  type AgentProgram,
  eventually,
  type HubProgram,
  type ProgramOptions,
  startAgent,
  startHub,
} from "./programs.ts";
import { Light } from "./light.ts";
import { openTtyPair, type TtyPair } from "./tty-pair.ts";

export interface Room extends AsyncDisposable {
  readonly hub: HubProgram;
  readonly agent: AgentProgram;
  readonly desk: TtyPair;
  readonly light: Light;
}

export const deskToStage = `routes:
  - { name: level, from: a/desk/level, to: a/stage/ch1 }
`;

/** A line such as `{"level": 20}` gives the output `level`. */
export const serialInstance = (path: string) => ({
  module: "serial",
  settings: {
    path,
    format: "json",
    discardFirst: false,
    outputs: { level: { type: "int" }, other: { type: "int" } },
  },
});

export const dmxInstance = (port: number, universe = 1) => ({
  module: "dmx",
  settings: {
    universe,
    sacn: { to: ["127.0.0.1"], port },
    dimmers: { wash: { channel: 100 } },
  },
});

export const say = (desk: TtyPair, level: number): void => desk.say(`{"level": ${level}}`);

/** Opens the room and waits until node `a` runs its routes. `env` is for the agent. */
export async function openRoom(routes = deskToStage, env: ProgramOptions["env"] = {}): Promise<Room> {
  await using undo = new AsyncDisposableStack();
  const desk = undo.use(await openTtyPair());
  const light = undo.use(await Light.open());
  const hub = undo.use(await startHub({ routes }));
  const instances = { desk: serialInstance(desk.path), stage: dmxInstance(light.port) };
  const agent = undo.use(await startAgent({ node: "a", hub: hub.mqtt, instances, env }));
  await untilRunning(hub, "a");
  const kept = undo.move();
  return { hub, agent, desk, light, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Waits until the hub says that the node is ready, runs what it shall, and all its instances work. */
export async function untilRunning(
  hub: Pick<HubProgram, "node">,
  name: string,
  timeout = 20_000,
): Promise<void> {
  await eventually(
    `node ${name} runs`,
    async () => {
      const node = await hub.node(name);
      if (node?.state !== "ready" || !node.converged) return false;
      const instances = Object.values(node.instances);
      return instances.length > 0 && instances.every(({ state }) => state === "running");
    },
    timeout,
  );
}

/** Says levels until one is seen: what waits in the ttys of a paused agent is old. */
export async function untilFlowing(room: Pick<Room, "desk" | "light">, level: number): Promise<void> {
  say(room.desk, level);
  await eventually(`channel 1 at ${level}`, () => room.light.level(1) === level);
}
