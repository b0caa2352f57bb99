/** MIDI: messages become values of outputs, values of inputs become messages. */
import {
  between,
  defineModule,
  type Instance,
  messageOf,
  type ModuleContext,
  type ModuleDefinition,
  seconds,
} from "@interactor/shared/sdk/define-module";
import { Complaints } from "@interactor/shared/sdk/complaints";
import { KeptDevice, tellDevice } from "@interactor/shared/sdk/devices";
import { PacedCounter } from "@interactor/shared/sdk/paced-counter";
import { messagesPerSecondMax, spans } from "./limits.ts";
import { manifest } from "./manifest.ts";
import { messageFor, valueOf } from "./meaning.ts";
import { decodeMessage, encodeMessage } from "./message.ts";
import { type MidiPort, openPort, type OpenPort } from "./midi-port.ts";
import { settings, type Settings } from "./settings.ts";

/** `open` stands for the system. */
export function midiModule(open: OpenPort = openPort): ModuleDefinition<Settings> {
  return defineModule({ manifest, settings, start: (settings, context) => start(settings, context, open) });
}

export const definition = midiModule();

type Problem = "unmapped" | "too-many" | "not-open" | "no-way-out" | "does-not-fit" | "failed";

function start(settings: Settings, context: ModuleContext, open: OpenPort): Instance {
  const rejected = new PacedCounter(context.clock, (count) => context.emit("rejected", count));
  const complaints = new Complaints<Problem>(context.clock, (message) =>
    context.log.warn(`MIDI: ${message}`),
  );
  const take = taker(settings, context, (problem, message) => {
    rejected.add();
    complaints.add(problem, message);
  });
  const device = new KeptDevice<MidiPort>(
    context,
    {
      open: (reports) => open(settings.port, take, { clock: context.clock, reports }),
      greet: async () => {},
      close: (port) => port.close(),
    },
    tellDevice(context),
    spans,
  );
  context.onInput((input, applied) => {
    const meaning = settings.inputs[input];
    if (applied === undefined || meaning === undefined) return;
    const message = messageFor(applied.value, meaning);
    const problem =
      message === undefined ? "does-not-fit" : sendTo(device.handle, encodeMessage(message), complaints);
    if (problem !== undefined) complaints.add(problem, input);
  });
  device.start();
  return {
    selfTest: () => device.selfTest(),
    async stop() {
      await device.stop();
      rejected.stop();
      complaints.stop();
    },
  };
}

function sendTo(
  port: MidiPort | undefined,
  message: number[],
  complaints: Complaints<Problem>,
): Problem | undefined {
  if (port === undefined) return "not-open";
  if (!port.isOutput) return "no-way-out";
  try {
    port.send(message);
  } catch (error) {
    complaints.add("failed", messageOf(error));
  }
  return undefined;
}

function taker(
  { outputs }: Settings,
  context: ModuleContext,
  reject: (problem: Problem, message: string) => void,
): (message: readonly number[]) => void {
  let since = context.clock.now();
  let count = 0;
  return (bytes) => {
    const now = context.clock.now();
    if (between(since, now) >= seconds(1)) [since, count] = [now, 0];
    count += 1;
    const event = decodeMessage(bytes);
    if (event === undefined) return;
    if (count > messagesPerSecondMax) return reject("too-many", bytes.join(" "));
    let isTaken = false;
    for (const [name, meaning] of Object.entries(outputs)) {
      const value = valueOf(event, meaning);
      if (value === undefined) continue;
      isTaken = true;
      context.emit(name, value);
    }
    if (!isTaken) reject("unmapped", Object.values(event).join(" "));
  };
}
