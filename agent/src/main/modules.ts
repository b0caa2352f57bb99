/** The built-in modules: their manifests at hand, their code only where one runs. */
import { manifest as bridge } from "../../modules/bridge/manifest.ts";
import { manifest as dmx } from "../../modules/dmx/manifest.ts";
import { manifest as firmata } from "../../modules/firmata/manifest.ts";
import { manifest as gpio } from "../../modules/gpio/manifest.ts";
import { manifest as host } from "../../modules/host/manifest.ts";
import { manifest as i2c } from "../../modules/i2c/manifest.ts";
import { manifest as midi } from "../../modules/midi/manifest.ts";
import { manifest as osc } from "../../modules/osc/manifest.ts";
import { manifest as serial } from "../../modules/serial/manifest.ts";
import { manifest as simulated } from "../../modules/simulated/manifest.ts";
import { manifest as statechart } from "../../modules/statechart/manifest.ts";

const manifests = [bridge, dmx, firmata, gpio, host, i2c, midi, osc, serial, simulated, statechart];

/** The worker an instance of `module` goes to; `undefined`: there is no such module, or another version of it. */
export function workerOf(module: string, version?: string): string | undefined {
  const manifest = manifests.find(({ id, version: has }) => id === module && (version ?? has) === has);
  if (manifest === undefined) return undefined;
  return manifest.worker === "own" ? manifest.id : "shared";
}

/** Workers whose work has a beat: who waits longer than a millisecond for a processor shows it on stage. */
export const urgentWorkers: ReadonlySet<string> = new Set([dmx.id]);
