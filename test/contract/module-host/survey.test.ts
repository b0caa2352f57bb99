// What an agent finds out about its machine, with a bubblewrap that a test lets fail.

import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import type { GroupFolders } from "../../../agent/src/adapters/module-host-sandbox/cgroup.ts";
import { keptSurvey } from "../../../agent/src/adapters/module-host-sandbox/kept-survey.ts";
import { type Machine, surveyMachine } from "../../../agent/src/adapters/module-host-sandbox/machine.ts";
import { failed } from "@interactor/shared/kernel/result";
import { requires } from "../../e2e/requires.ts";

const test = requires("bwrap");
const none = failed("none in this test");
const groups: GroupFolders = { memory: none, pids: none, cpu: none };

/** A machine whose bubblewrap does first what these lines of a shell say. */
function machineWith(lines: string) {
  const folder = mkdtempSync(join(tmpdir(), "survey-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  // The sandbox's user has to find it too.
  chmodSync(folder, 0o755);
  const programs = join(folder, "bin");
  mkdirSync(programs);
  writeFileSync(join(programs, "bwrap"), `#!/bin/sh\n${lines}\nPATH=\${PATH#*:} exec bwrap "$@"\n`);
  chmodSync(join(programs, "bwrap"), 0o755);
  const path = `${programs}:${process.env["PATH"]}`;
  const data = join(folder, "data");
  return { folder, data, survey: () => surveyMachine({ folder: data, groups, path }) };
}

const missingIn = ({ missing }: Machine): object => {
  const { user: _user, memory: _memory, processor: _processor, processes: _processes, ...tried } = missing;
  return tried;
};

test(
  "what failed once is found later, and what was found is not looked for again",
  { timeout: 60_000 },
  async () => {
    const { folder, survey } = machineWith(
      '[ -e "$(dirname "$0")/../busy" ] && { echo "bwrap: busy" >&2; exit 1; }',
    );
    const busy = join(folder, "busy");
    let now = 0;
    let looks = 0;
    const machine = keptSurvey(
      () => {
        looks += 1;
        return survey();
      },
      () => now,
    );
    writeFileSync(busy, "");

    expect(missingIn(await machine())).toEqual({ namespaces: "bwrap: busy", "system-calls": "bwrap: busy" });
    rmSync(busy);
    now = 29_000;
    expect((await machine()).has).not.toContain("namespaces");
    now = 30_000;
    expect(missingIn(await machine())).toEqual({});
    now = 90_000;
    await machine();

    expect(looks).toBe(2);
  },
);

test("a disk that is full is tried again too", { timeout: 60_000 }, async () => {
  const { data, survey } = machineWith("");
  writeFileSync(data, "no folder");
  let now = 0;
  const machine = keptSurvey(survey, () => now);

  await expect(machine()).rejects.toThrow(/EEXIST|ENOTDIR/);
  rmSync(data);
  now = 30_000;

  expect(missingIn(await machine())).toEqual({});
});

test(
  "Node's permissions are tried, and are said to be missing where Node does not know them",
  { timeout: 60_000 },
  async () => {
    const { survey } = machineWith(
      'for word in "$@"; do [ "$word" = --permission ] && { echo "bad option: --permission" >&2; exit 9; }; done',
    );

    const machine = await survey();

    expect(missingIn(machine)).toEqual({ permissions: "bad option: --permission" });
    expect(machine.has).toContain("system-calls");
  },
);
