// Folders for one test each: an empty one, one on a disk that fills up, one that cannot be written.

import { execFileSync } from "node:child_process";
import { closeSync, copyFileSync, mkdtempSync, readdirSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";

export const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stderr.write("SKIPPED tests: only root may mount the small disk that fills up\n");

export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "store-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** As a power cut would leave it: nothing is closed. */
export function copyOfFolder(folder: string): string {
  const copy = emptyFolder();
  for (const name of readdirSync(folder)) copyFileSync(join(folder, name), join(copy, name));
  return copy;
}

/** A file system of its own, of so many KB; `options` as mount takes them. */
export function mountedFolder(kilobytes: number, ...options: readonly string[]): string {
  const folder = emptyFolder();
  execFileSync("mount", ["-t", "tmpfs", "-o", [`size=${kilobytes}k`, ...options].join(","), "tmpfs", folder]);
  onTestFinished(() => void execFileSync("umount", ["--lazy", folder]));
  return folder;
}

/** Takes all space that is left. */
export function fillDisk(path: string): void {
  const file = openSync(path, "w");
  try {
    for (;;) writeSync(file, Buffer.alloc(4096));
  } catch (error) {
    expect(error).toMatchObject({ code: "ENOSPC" });
  } finally {
    closeSync(file);
  }
}
