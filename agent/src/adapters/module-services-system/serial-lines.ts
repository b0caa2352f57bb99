/**
 * Serial lines for instances, opened in the agent's one way: set up, locked, watched. A line that is unplugged is closed,
 * and whoever wants it opens it again; one that fails again and again is given a rest.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { stat } from "node:fs/promises";
import { Fault } from "@interactor/shared/kernel/fault";
import type { Clock } from "@interactor/shared/kernel/clock";
import type { DeviceState } from "@interactor/shared/sdk/devices";
import type { SerialSettings } from "@interactor/shared/sdk/services";
import { KeptLine, type LineListener } from "../../../serial-line/kept-line.ts";
import { linePlace } from "../../../serial-line/place.ts";
import type { ByteLine, ByteLineEnds } from "../../ports/module-services.ts";

/** Written at once; the line takes no more than 8 KB that wait. */
const pieceBytes = 1024;
/** Between two looks whether a line has taken what waits. */
const lookAgain = 10;
/** A device that takes nothing for so long is not there. Longer: refuse. */
const writeLongest = 5000;
/** What came while the module was not ready for more. More: the line is closed, and says so. */
const heldBytesMax = 64 * 1024;

export const isSerialLine = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isCharacterDevice(),
    () => false,
  );

/** Throws a Fault `SERIAL_UNAVAILABLE` with what is missing. */
export async function openSerial(
  path: string,
  { baudRate, dataBits = 8, stopBits = 1, parity = "none" }: SerialSettings,
  { clock, ends }: { readonly clock: Clock; readonly ends: ByteLineEnds },
): Promise<ByteLine> {
  const line = new SerialByteLine(ends);
  const place = linePlace(undefined, path);
  const kept = new KeptLine({ place, baudRate, dataBits, stopBits, parity }, { clock, random }, line);
  line.line = kept;
  await kept.start();
  if (line.state === "open") return line;
  await kept.stop();
  throw new Fault("SERIAL_UNAVAILABLE", line.reason);
}

/** Only for the pauses between attempts, of which there are none here. */
const random = { next: Math.random };

class SerialByteLine implements ByteLine, LineListener {
  readonly #ends: ByteLineEnds;
  line: KeptLine | undefined;
  state: "opening" | "open" | "closed" = "opening";
  reason = "";
  #isPaused = false;
  #held: Uint8Array[] = [];
  #heldBytes = 0;

  constructor(ends: ByteLineEnds) {
    this.#ends = ends;
  }

  /** A kept line that is lost is tried again; for a module it is over, so that it knows that it missed something. */
  changed(device: DeviceState): void {
    if (device.kind === "handshaking" && this.state === "opening") this.state = "open";
    if (device.kind !== "absent" && device.kind !== "lost") return;
    this.reason = device.reason;
    if (this.state === "open") this.#over(device.reason);
  }

  received(bytes: Uint8Array): void {
    if (this.state !== "open") return;
    const own = Uint8Array.from(bytes);
    if (!this.#isPaused) return this.#ends.came(own);
    this.#held.push(own);
    this.#heldBytes += own.length;
    if (this.#heldBytes > heldBytesMax) this.#over("the module did not take what came");
    return undefined;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += pieceBytes)
      await this.#write(bytes.subarray(at, at + pieceBytes));
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    for (const [index, bytes] of held.entries()) {
      // Whoever takes one may be full again.
      if (this.#isPaused) {
        this.#held = held.slice(index);
        this.#heldBytes = this.#held.reduce((sum, each) => sum + each.length, 0);
        return;
      }
      this.#ends.came(bytes);
    }
  }

  close(): void {
    this.#over("it was closed");
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const deadline = performance.now() + writeLongest;
    for (;;) {
      const outcome = this.state === "open" ? this.line?.write(bytes) : "not-open";
      if (outcome === "written") return;
      if (outcome !== "backlog") throw new Fault("CLOSED", this.reason || "the line is closed");
      if (performance.now() > deadline)
        throw new Fault("SERIAL_BUSY", `the device took nothing for ${writeLongest / 1000} s`);
      await sleep(lookAgain);
    }
  }

  #over(reason: string): void {
    if (this.state === "closed") return;
    this.state = "closed";
    this.reason = reason;
    void this.line?.stop();
    this.#ends.closed(reason);
  }
}
