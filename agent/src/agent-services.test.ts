import type { ToGuest } from "@interactor/shared/sdk/guest-messages";
import { expect, test } from "vitest";
import { InstanceServices } from "./agent-services.ts";
import { InstanceStorage } from "./agent-storage.ts";
import type { ModuleServices } from "./ports/module-services.ts";

const spec = { name: "clerk", module: "clerk", version: "1.0.0", settings: {} };

/** Writes nothing until it is released; nothing else is asked of it. */
function slowDisk(): { readonly services: ModuleServices; release(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const unused = (): never => {
    throw new Error("not asked for");
  };
  const services = {
    loadStored: async () => ({}),
    saveStored: () => promise,
    connect: unused,
    isSerialLine: unused,
    openSerial: unused,
    flash: unused,
    resting: unused,
    readFile: unused,
  };
  return { services, release: resolve };
}

test("of the changes that wait for a slow disk no more than 256 are taken, and no question waits behind them", async () => {
  const { services, release } = slowDisk();
  const said: ToGuest[] = [];
  const storage = new InstanceStorage(spec, services);
  const asked = new InstanceServices({ run: "clerk#1", spec, storage }, services, (told) => said.push(told));
  const answerTo = (question: number) => said.find((told) => told[0] === "told" && told[2] === question)?.[3];

  for (let number = 1; number <= 300; number += 1)
    asked.take(["ask", "clerk#1", number, ["set", "crowd", number]]);
  asked.take(["ask", "clerk#1", 301, ["get", "crowd"]]);
  await expect.poll(() => answerTo(301)).toBeDefined();

  expect(answerTo(256)).toBe(undefined);
  expect(answerTo(257)).toEqual(["TOO_MANY", expect.stringContaining("256 changes")]);
  release();
  await expect.poll(() => answerTo(256)).toEqual([]);
  asked.take(["ask", "clerk#1", 302, ["set", "crowd", "again"]]);
  await expect.poll(() => answerTo(302)).toEqual([]);
});

test("firmware is written only into a board whose line was granted, and not past the end of the instance", async () => {
  const { services } = slowDisk();
  const asked: string[] = [];
  const told: ToGuest[] = [];
  let ended: unknown;
  const board: ModuleServices = {
    ...services,
    flash: (path, _firmware, signal) => {
      asked.push(path);
      signal.addEventListener("abort", () => (ended = signal.reason));
      return new Promise(() => undefined);
    },
  };
  const granted = { ...spec, grants: { serial: ["/dev/serial/by-id/usb-Acme_1-if00"] } };
  const run = { run: "clerk#1", spec: granted, storage: new InstanceStorage(granted, board) };
  const instance = new InstanceServices(run, board, (message) => told.push(message));
  const firmware = {
    board: "uno",
    program: new Uint8Array(4),
    baudRate: 9600,
    banner: new Uint8Array(4),
  } as const;

  instance.take(["ask", "clerk#1", 1, ["flash", "/dev/serial/by-id/usb-Other_2-if00", firmware]]);
  instance.take(["ask", "clerk#1", 2, ["flash", "/dev/serial/by-id/usb-Acme_1-if00", firmware]]);
  await expect.poll(() => told.length).toBe(1);
  instance.end();

  expect(told[0]?.[3]).toEqual(["NOT_GRANTED", expect.stringContaining("usb-Other_2-if00")]);
  expect(asked).toEqual(["/dev/serial/by-id/usb-Acme_1-if00"]);
  expect(ended).toEqual(new Error("the instance has ended"));
});
