import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fault } from "@interactor/shared/kernel/fault";
import { expect, onTestFinished, test } from "vitest";
import { builtInCode } from "./built-in-code.ts";

test.each([
  ["damaged", "export const definition = {"],
  ["missing", undefined],
])("a file of the agent that is %s is said to be the agent's, with what to do", async (_how, text) => {
  const folder = mkdtempSync(join(tmpdir(), "built-in-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "dmx.mjs");
  if (text !== undefined) writeFileSync(file, text);

  await expect(builtInCode("dmx", () => import(/* @vite-ignore */ file))).rejects.toMatchObject({
    code: "AGENT_DAMAGED",
    message: expect.stringMatching(
      /^the code of "dmx" that came with this agent cannot be loaded \(.+\): install the agent again/s,
    ),
  });
});

test("what is known to be wrong is told as it is", async () => {
  const unknown = new Fault("MODULE_UNKNOWN", "there is no such module");

  await expect(builtInCode("lamp", () => Promise.reject(unknown))).rejects.toBe(unknown);
});
