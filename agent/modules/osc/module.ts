/** Open Sound Control: messages become values of outputs, values of inputs become messages. */
import {
  defineModule,
  type Instance,
  type ModuleContext,
  type Value,
} from "@interactor/shared/sdk/define-module";
import { Complaints } from "@interactor/shared/sdk/complaints";
import { KeptDevice, tellDevice } from "@interactor/shared/sdk/devices";
import { PacedCounter } from "@interactor/shared/sdk/paced-counter";
import { encodeMessage } from "./codec.ts";
import { Intake, type Rejection } from "./intake.ts";
import { packetBytesMax, spans } from "./limits.ts";
import { manifest } from "./manifest.ts";
import { argumentsOf } from "./read-argument.ts";
import { type Settings, settings } from "./settings.ts";
import { udpDriver, type UdpSocket } from "./udp-socket.ts";

export const definition = defineModule({ manifest, settings, start });

type Unsent = "not-open" | "backlog" | "does-not-fit" | "too-long" | "failed";

function start(settings: Settings, context: ModuleContext): Instance {
  const received = new PacedCounter(context.clock, (count) => context.emit("received", count));
  const rejected = new Rejections<Rejection>(context, "rejected", "not understood");
  const unsent = new Rejections<Unsent>(context, "unsent", "not sent");
  const intake = new Intake(settings.outputs, context.clock, {
    value: (output, value) => context.emit(output, value),
    message: () => received.add(),
    rejected: (reason, example) => rejected.add(reason, example),
  });
  const driver = udpDriver(settings, {
    received: (bytes) => intake.take(bytes),
    stranger: (address) => rejected.add("stranger", address),
    notSent: (words) => unsent.add("failed", words),
  });
  const device = new KeptDevice<UdpSocket>(context, driver, tellDevice(context), spans);
  context.onInput((input, applied) => {
    if (applied === undefined) return;
    const problem = sendValue(settings, device.handle, input, applied.value);
    if (problem !== undefined) unsent.add(problem, `${input}: ${described(applied.value)}`);
  });
  device.start();
  return {
    selfTest: () => device.selfTest(),
    async stop() {
      await device.stop();
      received.stop();
      rejected.stop();
      unsent.stop();
    },
  };
}

function sendValue(
  { inputs }: Settings,
  socket: UdpSocket | undefined,
  name: string,
  value: Value,
): Unsent | undefined {
  const input = inputs[name];
  const given = input === undefined ? "does-not-fit" : argumentsOf(value, input);
  if (input === undefined || given === "does-not-fit") return "does-not-fit";
  if (given === "nothing") return undefined;
  const packet = encodeMessage({ address: input.address, arguments: given });
  if (packet.length > packetBytesMax) return "too-long";
  if (socket === undefined) return "not-open";
  return socket.send(packet) === "backlog" ? "backlog" : undefined;
}

const described = (value: Value): string =>
  value instanceof Uint8Array ? `${value.length} bytes` : JSON.stringify(value);

/** Counted for a dashboard, and written into the log for whoever looks for the reason. */
class Rejections<Reason extends string> {
  readonly #counter: PacedCounter;
  readonly #complaints: Complaints<Reason>;

  constructor(context: ModuleContext, output: string, words: string) {
    this.#counter = new PacedCounter(context.clock, (count) => context.emit(output, count));
    this.#complaints = new Complaints(context.clock, (message) => context.log.warn(`${words}: ${message}`));
  }

  add(reason: Reason, example: string): void {
    this.#counter.add();
    this.#complaints.add(reason, example);
  }

  stop(): void {
    this.#counter.stop();
    this.#complaints.stop();
  }
}
