// The firmware that agents bring is what its sources give, byte for byte.

import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { checkImage, findImage } from "@interactor/agent/flashing/images.ts";
import {
  compilerVersion,
  type Firmware,
  firmwares,
  imagesFolder,
  release,
} from "@interactor/firmware-bridges/bench/build.ts";
import { afterAll, beforeAll, expect } from "vitest";
import { requires } from "../requires.ts";
import { openWorkbench, type Workbench } from "./workbench.ts";

const test = requires("avr-gcc", "gcc", "simavr");

let workbench: Workbench;
beforeAll(async () => {
  workbench = await openWorkbench();
});
afterAll(() => workbench[Symbol.asyncDispose]());

const all = (Object.keys(firmwares) as Firmware[]).flatMap((firmware) =>
  firmwares[firmware].map((chip) => ({ firmware, chip })),
);

test.each(all)(
  "$firmware for an $chip: built twice it is the same, and the same as is kept",
  async ({ firmware, chip }) => {
    const once = await readFile(await workbench.build(firmware, chip));
    const twice = await readFile(await workbench.build(firmware, chip));
    const kept = JSON.parse(await readFile(join(imagesFolder, "manifest.json"), "utf8")) as {
      compiler: string;
    };

    expect(twice.equals(once)).toBe(true);
    const image = findImage(firmware, chip);
    expect(image?.release).toBe(release);
    if (image !== undefined) await checkImage(image);
    // Another compiler makes other bytes: then what is kept cannot be told from its sources, and says whose it is.
    if ((await compilerVersion()) === kept.compiler) {
      expect(image?.sha256).toBe(createHash("sha256").update(once).digest("hex"));
    }
  },
);

test("nothing is kept that is not in the manifest", async () => {
  const files = (await readdir(imagesFolder)).filter((file) => file.endsWith(".hex")).toSorted();

  expect(files).toEqual(all.map(({ firmware, chip }) => `${firmware}-${chip}.hex`).toSorted());
});
