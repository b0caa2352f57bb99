/** A sensor on the I²C bus: set up, measured at its pace, and set up anew when it does not answer. */
import {
  defineModule,
  type Instance,
  later,
  messageOf,
  type Millis,
  millis,
  type ModuleContext,
  type ModuleDefinition,
  seconds,
} from "@interactor/shared/sdk/define-module";
import { Complaints } from "@interactor/shared/sdk/complaints";
import { type DeviceReports, KeptDevice, tellDevice } from "@interactor/shared/sdk/devices";
import { PacedCounter } from "@interactor/shared/sdk/paced-counter";
import { type BusChip, openChip, type OpenChip } from "./bus.ts";
import { placeOf, sensorFor } from "./chip-settings.ts";
import { breather, failuresMax, spans, stepsMax } from "./limits.ts";
import { manifest } from "./manifest.ts";
import type { Readings, Sensor, Steps } from "./sensors/registers.ts";
import { type Settings, settings } from "./settings.ts";

/** `open` stands for the kernel. */
export function i2cModule(open: OpenChip = openChip): ModuleDefinition<Settings> {
  return defineModule({ manifest, settings, start: (settings, context) => start(settings, context, open) });
}

export const definition = i2cModule();

interface Opened {
  readonly chip: BusChip;
  readonly sensor: Sensor;
  /** The measuring, which ends when it is closed. */
  measuring: Promise<void>;
}

function start(settings: Settings, context: ModuleContext, open: OpenChip): Instance {
  const failures = new PacedCounter(context.clock, (count) => context.emit("failures", count));
  const complaints = new Complaints<"failed">(context.clock, (message) =>
    context.log.warn(`not measured: ${message}`),
  );
  const failed = (error: unknown): void => {
    failures.add();
    complaints.add("failed", messageOf(error));
  };
  const { bus, address } = placeOf(settings);
  const device = new KeptDevice<Opened>(
    context,
    {
      open: async () => ({
        chip: await open(bus, address),
        sensor: sensorFor(settings),
        measuring: Promise.resolve(),
      }),
      async greet(opened, reports) {
        await follow(opened.sensor.begin(opened.chip), context, reports);
        opened.measuring = measure(settings, context, { opened, reports, failed });
      },
      async close({ chip, measuring }) {
        await measuring;
        chip.close();
      },
    },
    tellDevice(context),
    spans,
  );
  device.start();
  return {
    selfTest: () => device.selfTest(),
    async stop() {
      await device.stop();
      failures.stop();
      complaints.stop();
    },
  };
}

interface Measuring {
  readonly opened: Opened;
  readonly reports: DeviceReports;
  readonly failed: (error: unknown) => void;
}

async function measure(
  { every, outputs }: Settings,
  context: ModuleContext,
  { opened, reports, failed }: Measuring,
): Promise<void> {
  const pace = seconds(every);
  let failuresInARow = 0;
  for (let due = context.clock.now(); !reports.signal.aborted;) {
    try {
      const readings = await follow(opened.sensor.measure(opened.chip), context, reports);
      if (reports.signal.aborted) return;
      if (failuresInARow > 0) reports.well();
      failuresInARow = 0;
      give(readings, outputs, context);
    } catch (error) {
      if (reports.signal.aborted) return;
      failed(error);
      failuresInARow += 1;
      if (failuresInARow === failuresMax) return reports.failed(messageOf(error));
      reports.worse(messageOf(error));
    }
    const now = context.clock.now();
    // What is late is not made up for: a chip that is slower than its pace is measured as fast as it can.
    due = due + pace > now ? later(due, pace) : now;
    await pause(millis(Math.max(breather, due - now)), context, reports);
  }
}

function give(readings: Readings, outputs: Settings["outputs"], context: ModuleContext): void {
  for (const [name, port] of Object.entries(outputs)) {
    const value = readings[name];
    if (value === undefined || port === undefined) continue;
    context.emit(name, port.type === "bool" ? value !== 0 : value);
  }
}

/** Does what a driver says, and waits where it has to. */
async function follow<Result>(
  steps: Steps<Result>,
  context: ModuleContext,
  reports: DeviceReports,
): Promise<Result> {
  for (let count = 0; count < stepsMax; count += 1) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await pause(step.value, context, reports);
    reports.signal.throwIfAborted();
  }
  throw new Error("it is never ready");
}

/** Resolves early when the chip is let go of. */
function pause(span: Millis, { clock }: ModuleContext, { signal }: DeviceReports): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) return Promise.resolve();
  const cancel = clock.after(span, () => {
    signal.removeEventListener("abort", stop);
    resolve();
  });
  const stop = (): void => {
    cancel();
    resolve();
  };
  signal.addEventListener("abort", stop, { once: true });
  return promise;
}
