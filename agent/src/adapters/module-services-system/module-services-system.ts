/** What instances have of the world: the machine's network and files, and a file of their own in the data folder. */
import { open, readFile, rename, stat } from "node:fs/promises";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "@interactor/shared/kernel/clock";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import { decodeCbor, encodeCbor } from "@interactor/shared/wire/cbor";
import { valueDepthMax } from "@interactor/shared/wire/limits";
import { isSendable } from "@interactor/shared/wire/value";
import type { ModuleServices, Stored } from "../../ports/module-services.ts";
import { Breakers } from "./breakers.ts";
import { openConnection } from "./connections.ts";

/** `restingChanged`: something else is given a rest, or is tried again. */
export function systemServices(folder: string, clock: Clock, restingChanged?: () => void): ModuleServices {
  mkdirSync(folder, { recursive: true });
  const breakers = new Breakers(restingChanged);
  const pathOf = (instance: string): string => join(folder, `${instance}.cbor`);
  return {
    loadStored: (instance) => loadStored(pathOf(instance)),
    saveStored: (instance, stored) => replaceFile(folder, pathOf(instance), encodeCbor(stored)),
    connect: (host, port, ends) => openConnection({ host, port }, breakers, ends),
    readFile: readSmallFile,
    isSerialLine: async (path) => (await serialLines()).isSerialLine(path),
    openSerial: (path, settings, ends) =>
      breakers.execute({ kind: "serial", thing: path }, async () =>
        (await serialLines()).openSerial(path, settings, { clock, ends }),
      ),
    flash: async (path, firmware, signal) => (await flashing()).flash(path, firmware, { clock, signal }),
    resting: () => breakers.resting,
  };
}

/** With the driver's native code: loaded when the first module wants a line. */
const serialLines = () => import("./serial-lines.ts");
const flashing = () => import("./flashing.ts");

/** One that cannot be understood is set aside: what an instance keeps is no reason for it not to run. */
async function loadStored(path: string): Promise<Stored> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return {};
    throw new Fault("STORAGE_UNREADABLE", `what it keeps cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const decoded = decodeCbor(bytes);
  const { value } = decoded.ok ? decoded : { value: undefined };
  if (isStored(value)) return value;
  await rename(path, `${path}.broken-${Date.now()}`);
  return {};
}

function isStored(value: unknown): value is Stored {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && isSendable(value, valueDepthMax)
  );
}

async function readSmallFile(path: string, bytesMax: number): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size > bytesMax)
      throw new Fault("FILE_TOO_LARGE", `${path} has ${size} bytes of at most ${bytesMax}`);
    const bytes = await readFile(path);
    // Some files of the kernel have more in them than they say.
    return new Uint8Array(bytes.subarray(0, bytesMax));
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault("FILE_UNREADABLE", `${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

/** The old content or the new one, whenever the power goes. */
async function replaceFile(folder: string, path: string, bytes: Uint8Array): Promise<void> {
  try {
    const draft = `${path}.new`;
    await using file = await open(draft, "w", 0o600);
    await file.writeFile(bytes);
    await file.sync();
    await rename(draft, path);
    await using there = await open(folder, "r");
    await there.sync();
  } catch (error) {
    throw new Fault("STORAGE_UNWRITABLE", `the disk does not take it: ${messageOf(error)}`, { cause: error });
  }
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && "code" in error ? error.code : undefined;
