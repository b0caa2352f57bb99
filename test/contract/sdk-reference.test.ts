import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sdkReference } from "./sdk-reference.ts";

const file = join(import.meta.dirname, "../../shared/src/sdk/REFERENCE.md");

// UPDATE=1 writes it anew.
test("the reference of the SDK says what its sources say", { timeout: 120_000 }, () => {
  const reference = sdkReference();
  if (process.env["UPDATE"] === "1") writeFileSync(file, reference);

  expect(readFileSync(file, "utf8")).toBe(reference);
  expect(reference).toContain("### `defineModule`");
  expect(reference.match(/^### /gm)?.length).toBeGreaterThan(50);
});
