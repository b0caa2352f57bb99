import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { expect, test } from "vitest";
import { type ForeignJob, flashForeign } from "./foreign-firmware.ts";

test("a board that is being written to is not written to a second time, and may be afterwards", async () => {
  const root = await mkdtemp(join(tmpdir(), "interactor-foreign-"));
  const [links, folder] = [join(root, "by-id"), join(root, "kept")];
  const flash = (byte: number, board = "usb-Acme_Board_7583-if00") => {
    const firmware: ForeignJob["firmware"] = {
      board: "uno",
      program: new Uint8Array(512).fill(byte),
      baudRate: 57_600,
      banner: Buffer.from("acme 2.0"),
    };
    const job = { path: join(links, board), firmware, clock: new VirtualClock(), folder, links };
    return flashForeign(job, new AbortController().signal);
  };

  const [first, second, other] = await Promise.all([
    flash(1),
    flash(2),
    flash(3, "usb-Acme_Board_7584-if00"),
  ]);

  expect(second).toEqual({
    kind: "untouched",
    reason: "it is being flashed already: try again when that has ended",
  });
  // Nothing is plugged in: these got as far as the line.
  for (const outcome of [first, other, await flash(2)]) {
    expect(outcome).toEqual({ kind: "untouched", reason: expect.not.stringContaining("already") });
  }
  expect(await readdir(folder)).toEqual([]);
  await rm(root, { recursive: true });
});
