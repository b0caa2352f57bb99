/** The built-in modules: their manifests at hand, their code only where one runs. */
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

const manifests = [dmx, firmata, gpio, host, i2c, midi, osc, serial, simulated, statechart];

/** The worker an instance of `module` goes to; `undefined`: there is no such module. */
export function workerOf(module: string): string | undefined {
  const manifest = manifests.find(({ id }) => id === module);
  if (manifest === undefined) return undefined;
  return manifest.worker === "own" ? manifest.id : "shared";
}
