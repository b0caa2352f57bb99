/**
 * A lamp dimmed by the chip's own pulse generator, through /sys/class/pwm. Best effort: the header has it on a few pins
 * only, and only when a line such as `dtoverlay=pwm-2chan` in config.txt has put it there.
 */
import { access, readFile, writeFile } from "node:fs/promises";
import { deviceMissing } from "@interactor/shared/sdk/devices";
import { messageOf } from "@interactor/shared/sdk/define-module";
import type { DimmedSettings } from "./settings.ts";

export interface PulseOutput {
  /** 0 is dark, 1 is on. Of levels that come while one is being written the last is. */
  set(level: number): void;
  close(): Promise<void>;
}

export async function openPulses(
  { pwm, frequency, stop }: DimmedSettings,
  failed: (words: string) => void,
  root = "/sys/class/pwm",
): Promise<PulseOutput> {
  const [chip, channel] = pwm.split("/");
  const folder = `${root}/pwmchip${chip}`;
  const place = `${folder}/pwm${channel}`;
  if (!(await isThere(folder))) {
    throw deviceMissing(`there is no ${folder}: add dtoverlay=pwm-2chan to config.txt and start the Pi anew`);
  }
  if (!(await isThere(place))) await writeFile(`${folder}/export`, `${channel}`);
  const period = Math.round(1_000_000_000 / frequency);
  const duty = (level: number): string => String(Math.round(period * level));
  // A period shorter than the pulse is refused, and so is any pulse while there is no period: a channel begins with none.
  if (Number(await readFile(`${place}/period`, "utf8")) > 0) await writeFile(`${place}/duty_cycle`, "0");
  await writeFile(`${place}/period`, String(period));
  await writeFile(`${place}/duty_cycle`, duty(stop));
  await writeFile(`${place}/enable`, "1");
  const writer = new LastOnly((level) => writeFile(`${place}/duty_cycle`, duty(level)), failed);
  return {
    set: (level) => writer.write(level),
    async close() {
      await writer.idle();
      await writeFile(`${place}/duty_cycle`, duty(stop));
    },
  };
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Writes one value after the other, and of those that wait the last. */
class LastOnly {
  readonly #write: (value: number) => Promise<void>;
  readonly #failed: (words: string) => void;
  #waiting: number | undefined;
  #busy: Promise<void> | undefined;

  constructor(write: (value: number) => Promise<void>, failed: (words: string) => void) {
    this.#write = write;
    this.#failed = failed;
  }

  write(value: number): void {
    this.#waiting = value;
    this.#busy ??= this.#drain();
  }

  async idle(): Promise<void> {
    await this.#busy;
  }

  async #drain(): Promise<void> {
    try {
      for (let value = this.#take(); value !== undefined; value = this.#take()) await this.#write(value);
    } catch (error) {
      this.#failed(messageOf(error));
    }
    this.#busy = undefined;
  }

  #take(): number | undefined {
    const value = this.#waiting;
    this.#waiting = undefined;
    return value;
  }
}
