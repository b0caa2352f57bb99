/**
 * What an instance shows, kept in a file, so that an agent that was killed shows it again when it is back. Only within
 * one run of the machine and for a minute: after a power cut a room asks what should be on now, and does not light up as
 * it was. So nothing is forced onto the disk: what the kernel holds survives the death of a process, and a file in
 * /run costs no card its life. Where whoever starts the agent gives such a folder, that is done unasked.
 */
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, type ModulePlace } from "@interactor/shared/sdk/define-module";
import * as z from "@interactor/shared/sdk/schemas";
import type { Levels } from "./engine/cue-list.ts";
import type { Remembered } from "./engine/engine.ts";
import { slotCount } from "./engine/slots.ts";
import type { Places } from "./places.ts";
import type { Settings } from "./settings.ts";

/** A supervisor starts an agent again within seconds. Older: expire. */
const ageMax = 60;
/** What has not changed is written again after that, in seconds: it is three times younger than what expires. */
const rewrittenAfter = 20;
const bootFile = "/proc/sys/kernel/random/boot_id";

const content = z.object({
  /** Before 2 a slot at 0 was none that somebody drives. */
  v: z.literal([1, 2]),
  boot: z.string(),
  /** Of the machine, in seconds. */
  uptime: z.number(),
  /** Two digits for each slot, or two dots where nobody drives it. */
  levels: z.string().check(z.regex(/^([\da-f]{2}|\.\.){512}$/)),
  master: z.number().check(z.gte(0), z.lte(1)),
  isBlack: z.boolean(),
  positions: z.record(
    z.string(),
    z.object({
      cue: z.string(),
      index: z.int().check(z.gte(0)),
      // An agent of before this word had no pause.
      isPaused: z._default(z.boolean(), false),
    }),
  ),
});

/** In the file that is set, else in a folder in memory where there is one: by itself no card is written to. */
export function memoryOf(
  { remember, ...settings }: Pick<Settings, "remember" | "sacn" | "artnet" | "usb" | "openDmx">,
  { site, node, name }: ModulePlace,
  { runtime, uptime }: Pick<Places, "runtime" | "uptime">,
): Memory | undefined {
  if (typeof remember === "string") return new Memory(remember, uptime);
  const isShown = Object.values(settings).some((output) => output !== undefined);
  if (remember === false || runtime === undefined || !isShown) return undefined;
  return new Memory(join(runtime, `${site}.${node}.${name}.look`), uptime);
}

export class Memory {
  readonly #path: string;
  readonly #uptime: Places["uptime"];
  #boot: string | undefined;
  #busy: Promise<void> = Promise.resolve();
  #next: { readonly remembered: Remembered; readonly uptime: number } | undefined;
  #written: { readonly text: string; readonly uptime: number } | undefined;

  constructor(path: string, uptime: Places["uptime"]) {
    this.#path = path;
    this.#uptime = uptime;
  }

  /** What an earlier life of this run of the machine showed, or why there is nothing; `undefined`: no file. */
  async recall(): Promise<Remembered | string | undefined> {
    this.#boot = await readFile(bootFile, "utf8").catch(() => undefined);
    const text = await readFile(this.#path, "utf8").catch(() => undefined);
    if (text === undefined) return undefined;
    const parsed = content.safeParse(parsedJson(text));
    if (!parsed.success) return `${this.#path} is not what was written there: it is passed over`;
    const { v, boot, levels, master, isBlack, positions } = parsed.data;
    if (boot !== this.#boot || this.#uptime() - parsed.data.uptime > ageMax) return undefined;
    return { levels: levelsIn(levels, v === 1), master, isBlack, positions };
  }

  /**
   * Keeps the newest; while one is written, those in between are passed over, and so is what stands there already and
   * is young. Resolves with what went wrong.
   */
  async keep(remembered: Remembered): Promise<string | undefined> {
    const isWriting = this.#next !== undefined;
    this.#next = { remembered, uptime: this.#uptime() };
    if (isWriting) return undefined;
    await this.#busy;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#busy = promise;
    try {
      await this.#write();
      return undefined;
    } catch (error) {
      return `${this.#path} cannot be written: ${messageOf(error)}`;
    } finally {
      resolve();
    }
  }

  async #write(): Promise<void> {
    if (this.#next === undefined) return;
    const { remembered, uptime } = this.#next;
    this.#next = undefined;
    const { levels, ...rest } = remembered;
    const shown = { ...rest, levels: textOf(levels) };
    const text = JSON.stringify(shown);
    const isThere = this.#written?.text === text && uptime - this.#written.uptime < rewrittenAfter;
    if (isThere) return;
    const kept = { v: 2, boot: this.#boot ?? "", uptime, ...shown };
    await writeFile(`${this.#path}.new`, JSON.stringify(kept));
    await rename(`${this.#path}.new`, this.#path);
    this.#written = { text, uptime };
  }
}

/** An instance that ends in good order leaves where its cues stand, and no levels: who drives them says so again. */
export const withoutLevels = (remembered: Remembered): Remembered => ({ ...remembered, levels: new Map() });

const textOf = (levels: Levels): string =>
  Array.from(
    { length: slotCount },
    (_, slot) => levels.get(slot)?.toString(16).padStart(2, "0") ?? "..",
  ).join("");

function levelsIn(text: string, isNobodyAt0: boolean): Levels {
  const levels = new Map<number, number>();
  for (let slot = 0; slot < slotCount; slot += 1) {
    const digits = text.slice(2 * slot, 2 * slot + 2);
    if (digits !== ".." && !(isNobodyAt0 && digits === "00")) levels.set(slot, Number.parseInt(digits, 16));
  }
  return levels;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
