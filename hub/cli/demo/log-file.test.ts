import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { LogFile } from "./log-file.ts";

function pathOfLog(): string {
  const folder = mkdtempSync(join(tmpdir(), "log-file-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "hub.log");
}

const line = (text: string): Uint8Array => Buffer.from(`${text}\n`);

test("a log grows over restarts", () => {
  const path = pathOfLog();
  for (const text of ["one", "two"]) {
    using log = new LogFile(path);
    log.write(line(text));
  }

  expect(readFileSync(path, "utf8")).toBe("one\ntwo\n");
  expect(existsSync(`${path}.1`)).toBe(false);
});

test("a full log gives way to a new one, and only one old one is kept", () => {
  const path = pathOfLog();
  using log = new LogFile(path, 10);
  for (const text of ["11111", "22222", "33333"]) log.write(line(text));

  expect(readFileSync(path, "utf8")).toBe("33333\n");
  expect(readFileSync(`${path}.1`, "utf8")).toBe("22222\n");
});

test("no flood makes the two files larger than the bound", () => {
  const path = pathOfLog();
  using log = new LogFile(path, 1000);
  for (let count = 0; count < 500; count++) log.write(line("x".repeat(count % 90)));

  expect(statSync(path).size).toBeLessThanOrEqual(1000);
  expect(statSync(`${path}.1`).size).toBeLessThanOrEqual(1000);
});
