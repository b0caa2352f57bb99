/**
 * What an instance shows, kept in a file, so that an agent that was killed shows it again when it is back. Only within
 * one run of the machine and for a minute: after a power cut a room asks what should be on now, and does not light up as
 * it was. So nothing is forced onto the disk: what the kernel holds survives the death of a process, and a file in
 * /run costs no card its life. Where whoever starts the agent gives such a folder, that is done unasked.
 */
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  instant,
  messageOf,
  millis,
  type Millis,
  type ModulePlace,
  seconds,
} from "@interactor/shared/sdk/define-module";
import * as z from "@interactor/shared/sdk/schemas";
import type { Remembered } from "./engine/engine.ts";
import type { Levels } from "./engine/playback.ts";
import { slotCount } from "./engine/slots.ts";
import type { Places } from "./places.ts";
import type { Settings } from "./settings.ts";

/** A supervisor starts an agent again within seconds. Older: expire. */
const ageMax = 60;
/** What has not changed is written again after that, in seconds: it is three times younger than what expires. */
const rewrittenAfter = 20;
const bootFile = "/proc/sys/kernel/random/boot_id";

/** Two digits for each slot, or two dots where nobody drives it. */
const levelsText = z.pipe(
  z.string().check(z.regex(/^([\da-f]{2}|\.\.){512}$/)),
  z.transform((text): Levels => levelsIn(text)),
);
const time = z.pipe(z.number(), z.transform(instant));
const span = z.pipe(z.number().check(z.gte(0)), z.transform(millis));
const index = z.int().check(z.gte(0));
const master = z.number().check(z.gte(0), z.lte(1));
const place = { cue: z.string(), index, since: time };
const pausedAt = z.optional(time);

/** Of an agent of before 2: a slot at 0 was none that somebody drives, and what moved stood at its end. */
const former = z.object({
  v: z.literal(1),
  boot: z.string(),
  uptime: z.number(),
  levels: levelsText,
  master,
  isBlack: z.boolean(),
  positions: z.record(
    z.string(),
    z.object({ cue: z.string(), index, isPaused: z._default(z.boolean(), false) }),
  ),
});

const content = z.object({
  v: z.literal(2),
  boot: z.string(),
  /** Of the machine, in seconds. */
  uptime: z.number(),
  /** In the time of the life that wrote it. */
  at: time,
  levels: levelsText,
  master,
  isBlack: z.boolean(),
  latest: z.array(z.object({ source: z.string(), priority: z.optional(z.int()), slots: z.array(index) })),
  standings: z.record(
    z.string(),
    z.discriminatedUnion("kind", [
      z.object({ ...place, kind: z.literal("on"), pausedAt }),
      z.object({ ...place, kind: z.literal("moving"), from: levelsText, pausedAt }),
      z.object({ ...place, kind: z.literal("leaving"), from: levelsText, fade: span }),
    ]),
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

export interface Recalled {
  readonly remembered: Remembered;
  /** How long ago it was so. */
  readonly ago: Millis;
}

export class Memory {
  readonly #path: string;
  readonly #uptime: Places["uptime"];
  #boot: string | undefined;
  #busy: Promise<string | undefined> = Promise.resolve(undefined);
  #next: { readonly remembered: Remembered; readonly uptime: number } | undefined;
  #written: { readonly text: string; readonly uptime: number } | undefined;

  constructor(path: string, uptime: Places["uptime"]) {
    this.#path = path;
    this.#uptime = uptime;
  }

  /** What an earlier life of this run of the machine showed, or why there is nothing; `undefined`: no file. */
  async recall(): Promise<Recalled | string | undefined> {
    this.#boot = await readFile(bootFile, "utf8").catch(() => undefined);
    const text = await readFile(this.#path, "utf8").catch(() => undefined);
    if (text === undefined) return undefined;
    const parsed = z.discriminatedUnion("v", [former, content]).safeParse(parsedJson(text));
    if (!parsed.success) return `${this.#path} is not what was written there: it is passed over`;
    const { boot, uptime } = parsed.data;
    const ago = Math.max(this.#uptime() - uptime, 0);
    if (boot !== this.#boot || ago > ageMax) return undefined;
    return {
      remembered: parsed.data.v === 1 ? ofFormer(parsed.data) : ofThis(parsed.data),
      ago: seconds(ago),
    };
  }

  /**
   * Keeps the newest; while one is written, those in between are passed over, and so is what stands there already and
   * is young. Resolves with what went wrong, when this one or a newer one is there: the next life may read it at once.
   */
  keep(remembered: Remembered): Promise<string | undefined> {
    this.#next = { remembered, uptime: this.#uptime() };
    this.#busy = this.#busy.then(() => this.#tryWrite());
    return this.#busy;
  }

  async #tryWrite(): Promise<string | undefined> {
    try {
      await this.#write();
      return undefined;
    } catch (error) {
      return `${this.#path} cannot be written: ${messageOf(error)}`;
    }
  }

  async #write(): Promise<void> {
    if (this.#next === undefined) return;
    const { remembered, uptime } = this.#next;
    this.#next = undefined;
    const { at, ...shown } = remembered;
    const text = JSON.stringify(shown, (_, value: unknown) => (value instanceof Map ? textOf(value) : value));
    const isThere = this.#written?.text === text && uptime - this.#written.uptime < rewrittenAfter;
    if (isThere) return;
    const head = JSON.stringify({ v: 2, boot: this.#boot ?? "", uptime, at });
    await writeFile(`${this.#path}.new`, `${head.slice(0, -1)},${text.slice(1)}`);
    await rename(`${this.#path}.new`, this.#path);
    this.#written = { text, uptime };
  }
}

const ofThis = (written: z.infer<typeof content>): Remembered => {
  const { levels, master, isBlack, standings, latest, at } = written;
  return { levels, master, isBlack, standings, latest, at };
};

function ofFormer({ levels, positions, master, isBlack }: z.infer<typeof former>): Remembered {
  const at = instant(0);
  const standings = Object.entries(positions).map(([name, { isPaused, ...position }]) => {
    const standing = { ...position, kind: "on", since: at, pausedAt: isPaused ? at : undefined } as const;
    return [name, standing] as const;
  });
  const lit = new Map([...levels].filter(([, level]) => level > 0));
  return { levels: lit, master, isBlack, standings: Object.fromEntries(standings), latest: [], at };
}

const textOf = (levels: Levels): string =>
  Array.from(
    { length: slotCount },
    (_, slot) => levels.get(slot)?.toString(16).padStart(2, "0") ?? "..",
  ).join("");

function levelsIn(text: string): Levels {
  const levels = new Map<number, number>();
  for (let slot = 0; slot < slotCount; slot += 1) {
    const digits = text.slice(2 * slot, 2 * slot + 2);
    if (digits !== "..") levels.set(slot, Number.parseInt(digits, 16));
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
