/** On one node: a line from a device, through an agent as it is shipped, to a frame of light. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { startAgent, startHub } from "../e2e/programs.ts";
import { Light } from "../e2e/light.ts";
import { openTtyPair } from "../e2e/tty-pair.ts";
import { type Bench, type BenchContext, Samples } from "./bench.ts";
import {
  addTimed,
  type Chain,
  lightInstance,
  requireSocat,
  serialInstance,
  timeChanges,
  untilLit,
} from "./changes.ts";

const runs = 3;
const pace = { changes: 200, interval: 100 };

export const localRoute: Bench = {
  name: "local-route",
  about: "a serial line to an sACN frame on one agent, beside a bare serial reader that sends UDP",
  run,
};

async function run({ signal, progress }: BenchContext) {
  requireSocat();
  const samples = new Samples(localRoute.name);
  for (let count = 1; count <= runs; count += 1) {
    progress(`run ${count} of ${runs}: ${pace.changes} changes, ${pace.interval} ms apart`);
    await using stack = new AsyncDisposableStack();
    const chains = [await throughAgent(stack), await throughBareReader(stack)];
    for (const chain of chains) await untilLit(chain, signal);
    const outcomes = await timeChanges(chains, pace, signal);
    for (const [index, outcome] of outcomes.entries()) {
      addTimed(samples, chains[index]?.subject ?? "", outcome);
    }
  }
  return samples.rows();
}

export async function throughAgent(stack: AsyncDisposableStack): Promise<Chain> {
  const tty = stack.use(await openTtyPair());
  const light = stack.use(await Light.open());
  const hub = stack.use(
    await startHub({ routes: "routes:\n  - { name: bench, from: pi/line/level, to: pi/light/ch1 }\n" }),
  );
  const instances = { line: serialInstance(tty.path), light: lightInstance(light.port) };
  stack.use(await startAgent({ node: "pi", hub: hub.mqtt, instances }));
  return { subject: "interactor", tty, light };
}

/** What the serial line, the driver and the socket take by themselves. */
async function throughBareReader(stack: AsyncDisposableStack): Promise<Chain> {
  const tty = stack.use(await openTtyPair());
  const light = stack.use(await Light.open());
  const program = join(import.meta.dirname, "bare-serial-reader.ts");
  const child = spawn(process.execPath, [program, tty.path, String(light.port)], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const exited = once(child, "exit");
  stack.defer(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  return { subject: "bare-serialport", tty, light };
}
