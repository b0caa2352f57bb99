// The power goes at every single write of a refresh: the node believes the new repository afterwards, and never the old
// one again when it once has refused it.

import { expect, test } from "vitest";
import { RecordedDisk, remains } from "../apply/recorded-disk.ts";
import { emptyFolder } from "../folders.ts";
import { newSigner, SmallRepository } from "./small-repository.ts";
import { answerOf, install } from "./trusting-node.ts";

const path = "modules/acme/blink-1.0.0.js";

function repositories(): { old: SmallRepository; now: SmallRepository } {
  const old = new SmallRepository();
  old.addPublisher("acme", ["modules/acme/*"]);
  old.addFile(path, Buffer.from("old"), { by: "acme" });
  old.publish();
  const now = old.clone();
  now.keys.targets = [newSigner()];
  now.publishRoot();
  now.publisher("acme").version += 1;
  now.addFile(path, Buffer.from("new"), { by: "acme" });
  now.publish();
  return { old, now };
}

test.each(remains)("a power cut at every write of a refresh (%s)", async (left) => {
  const { old, now } = repositories();
  const folder = emptyFolder();
  expect(await install({ folder, repository: old }, path)).toBe("old");
  const record = new RecordedDisk(folder);
  expect(await install({ folder, repository: now, disk: record.disk }, path)).toBe("new");
  expect(record.operations.length).toBeGreaterThan(20);
  const answers: string[] = [];

  for (let cut = 0; cut <= record.operations.length; cut += 1) {
    const [first, second] = [emptyFolder(), emptyFolder()];
    for (const each of [first, second]) record.cutAfter(cut, left, each);

    expect([cut, await install({ folder: first, repository: now }, path)]).toEqual([cut, "new"]);
    answers.push(await answerOf({ folder: second, repository: old }));
    expect([cut, await install({ folder: second, repository: now }, path)]).toEqual([cut, "new"]);
    expect([cut, await answerOf({ folder: second, repository: old })]).toEqual([cut, "TRUST_ROLLBACK"]);
  }

  const turn = answers.findIndex((answer) => answer !== "believed");
  expect(turn).toBeGreaterThan(0);
  // Where a new root is there and the rest is not, the old signature is what is wrong.
  expect(answers.slice(turn)).not.toContain("believed");
});

test.each(remains)("a power cut at every write of the first refresh of a node (%s)", async (left) => {
  const { now } = repositories();
  const folder = emptyFolder();
  const record = new RecordedDisk(folder);
  expect(await install({ folder, repository: now, disk: record.disk }, path)).toBe("new");

  for (let cut = 0; cut <= record.operations.length; cut += 1) {
    const again = emptyFolder();
    record.cutAfter(cut, left, again);
    expect([cut, await install({ folder: again, repository: now }, path)]).toEqual([cut, "new"]);
  }
});

test.each(remains)("a power cut at every write of a node that was given another root (%s)", async (left) => {
  const { now } = repositories();
  const folder = emptyFolder();
  expect(await install({ folder, repository: repositories().now }, path)).toBe("new");
  const record = new RecordedDisk(folder);
  expect(await install({ folder, repository: now, disk: record.disk }, path)).toBe("new");
  expect(record.operations.length).toBeGreaterThan(20);

  for (let cut = 0; cut <= record.operations.length; cut += 1) {
    const again = emptyFolder();
    record.cutAfter(cut, left, again);
    expect([cut, await install({ folder: again, repository: now }, path)]).toEqual([cut, "new"]);
  }
});
