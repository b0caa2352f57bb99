import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { writeNew } from "./trust-keys.ts";
import { writeWhole } from "./whole-file.ts";

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "interactor-whole-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("a file is replaced whole, in folders that are made for its owner only, and nothing else is left", () => {
  const folder = emptyFolder();
  const file = join(folder, "a", "b", "key.pem");

  writeWhole(file, "a longer one", 0o600);
  writeWhole(file, "another", 0o600);

  expect(readFileSync(file, "utf8")).toBe("another");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, "a")).mode & 0o777).toBe(0o700);
  expect(readdirSync(join(folder, "a", "b"))).toEqual(["key.pem"]);
});

test("what cannot be put in its place leaves what is there", () => {
  const folder = emptyFolder();

  // A folder lies where the file should.
  writeWhole(join(folder, "place", "inner"), "it stays", 0o600);
  expect(() => writeWhole(join(folder, "place"), "new", 0o600)).toThrow(/place/);

  expect(readdirSync(folder)).toEqual(["place"]);
  expect(readFileSync(join(folder, "place", "inner"), "utf8")).toBe("it stays");
});

test("a new key takes the place of nothing", () => {
  const file = join(emptyFolder(), "root-1.pem");
  writeNew(file, "the only one");

  expect(() => writeNew(file, "another")).toThrow("is there already");

  expect(readFileSync(file, "utf8")).toBe("the only one");
});
