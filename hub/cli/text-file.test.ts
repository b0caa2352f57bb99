import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readText, replaceText } from "./text-file.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "interactor-text-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("a text is read with all its bytes, or not at all", () => {
  const file = join(folder, "a");
  writeFileSync(file, "\ufeffa: ä\r\n");
  writeFileSync(join(folder, "b"), Buffer.from([0x61, 0xe4, 0x0a]));

  expect(readText(file)).toEqual({ ok: true, value: "\ufeffa: ä\r\n" });
  expect(readText(join(folder, "b"))).toEqual({ ok: false, error: "not-utf-8" });
});

test("a file is replaced where its link leads, and keeps its rights", () => {
  writeFileSync(join(folder, "file"), "old", { mode: 0o600 });
  symlinkSync("file", join(folder, "link"));

  replaceText(join(folder, "link"), "new");

  expect(readFileSync(join(folder, "file"), "utf8")).toBe("new");
  expect(readlinkSync(join(folder, "link"))).toBe("file");
  expect(statSync(join(folder, "file")).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder).toSorted()).toEqual(["file", "link"]);
});

test("a file that is not there is not made", () => {
  expect(() => replaceText(join(folder, "gone"), "new")).toThrow(/ENOENT/);
  expect(readdirSync(folder)).toEqual([]);
});
