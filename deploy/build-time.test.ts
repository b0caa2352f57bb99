import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";

import { artefacts } from "./artefacts.ts";
import { buildTime } from "./build-time.ts";
import { root } from "./layout.ts";

test("is what packagers say, else that of the last commit", () => {
  expect(buildTime("1700000000")).toBe(1_700_000_000_000);
  const committed = Number(execFileSync("git", ["log", "-1", "--format=%ct"], { cwd: root }));
  expect(buildTime("")).toBe(committed * 1000);
  expect(() => buildTime("tomorrow")).toThrow("SOURCE_DATE_EPOCH is no number of seconds: tomorrow");
});

test("stands in the agent", () => {
  const agent = artefacts.find(({ name }) => name === "agent");

  expect(agent?.options.define).toMatchObject({
    "process.env.INTERACTOR_BUILT_AT": JSON.stringify(`${buildTime()}`),
  });
});
