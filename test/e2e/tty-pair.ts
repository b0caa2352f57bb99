// A serial line with a device at its other end: socat joins two ttys.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./programs.ts";

export interface TtyPair extends AsyncDisposable {
  /** The end that an agent opens. */
  readonly path: string;
  /** The device's end. */
  readonly devicePath: string;
  /** The device says a line. Returns when it has been handed to the system. */
  say(line: string): void;
}

export async function openTtyPair(): Promise<TtyPair> {
  await using undo = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "interactor-tty-"));
  undo.defer(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "agent");
  const devicePath = join(folder, "device");
  const socat = spawn(
    "socat",
    [devicePath, path].map((link) => `pty,raw,echo=0,link=${link}`),
    {
      stdio: "ignore",
    },
  );
  const exited = once(socat, "exit");
  undo.defer(async () => {
    socat.kill("SIGKILL");
    await exited;
  });
  // The link that is made last is there.
  await eventually("a pair of ttys", () =>
    open(path, "r+")
      .then((handle) => handle.close())
      .then(() => true),
  );
  const device: FileHandle = await open(devicePath, "r+");
  undo.defer(() => device.close());
  const kept = undo.move();
  return {
    path,
    devicePath,
    say: (line) => void writeSync(device.fd, `${line}\n`),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
