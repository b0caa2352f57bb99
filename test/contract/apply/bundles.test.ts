// The bundles of a node on its disk, looked at before what they hold is started: real files, a hub that a test plays.

import { createHash } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { openApplyStore } from "@interactor/agent/src/adapters/apply-store-files/apply-store-files.ts";
import { AgentBundles } from "@interactor/agent/src/agent-bundles.ts";
import { seconds } from "@interactor/shared/kernel/units";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { emptyFolder } from "../folders.ts";

const bytes = Buffer.from("export const definition = {}");
const file = { digest: createHash("sha256").update(bytes).digest("hex"), bytes: bytes.length };

/** Whoever asks the hub waits until a test lets it answer. */
async function node() {
  const logged: string[] = [];
  const say = (words: string): void => void logged.push(words);
  const log = { info: say, warn: say, error: say };
  const clock = new VirtualClock();
  const applyStore = await openApplyStore({ folder: emptyFolder(), log });
  const asked: PromiseWithResolvers<Buffer>[] = [];
  const hub = { isHubThere: true };
  const files = {
    get isHubThere() {
      return hub.isHubThere;
    },
    async *fetch(_digest: string, offset: number) {
      const answer = Promise.withResolvers<Buffer>();
      asked.push(answer);
      yield new Uint8Array((await answer.promise).subarray(offset));
    },
  };
  const receipt = await applyStore.receive(file.digest, file.bytes);
  await receipt.add(bytes);
  await receipt.finish();
  const bundles = new AgentBundles({ clock, applyStore, files, log });
  const words = (): Promise<string> =>
    bundles.whole(file).then(
      () => "whole",
      (error: Error) => error.message,
    );
  return { applyStore, asked, bundles, clock, hub, logged, path: applyStore.pathOf(file.digest), words };
}

const is = `its bundle ${file.digest.slice(0, 12)} is damaged on this node's disk`;

test("one that is whole is not asked for, and one that is damaged is fetched once for all that wait for it", async () => {
  const { asked, bundles, logged, path, words } = await node();
  expect(await words()).toBe("whole");
  writeFileSync(path, "flipped by the card");

  const fault = {
    code: "BUNDLE_DAMAGED",
    message: `${is}: it is fetched again from the hub, and started then`,
  };
  const waiting = Array.from({ length: 20 }, () => bundles.whole(file));
  for (const each of waiting) await expect(each).rejects.toMatchObject(fault);
  await expect(bundles.whole(file)).rejects.toMatchObject(fault);
  await expect.poll(() => asked).toHaveLength(1);
  asked[0]?.resolve(bytes);

  await expect.poll(words).toBe("whole");
  expect(readFileSync(path)).toEqual(bytes);
  expect(logged).toEqual(["a bundle is damaged on this node's disk", "a damaged bundle was fetched again"]);
});

test.each([
  ["gone", (path: string) => rmSync(path)],
  ["empty", (path: string) => writeFileSync(path, "")],
  ["cut off", (path: string) => writeFileSync(path, bytes.subarray(0, 9))],
  ["longer than it was", (path: string) => writeFileSync(path, `${bytes} `)],
])("one that is %s is not whole", async (_how, damage) => {
  const { asked, path, words } = await node();
  damage(path);

  expect(await words()).toContain(is);
  await expect.poll(() => asked).toHaveLength(1);
  asked[0]?.resolve(bytes);

  await expect.poll(words).toBe("whole");
});

test("while the hub is away that is said, and it is not asked twice", async () => {
  const { asked, hub, path, words } = await node();
  hub.isHubThere = false;
  rmSync(path);

  const away = `${is}, and the hub that has it is away: it is fetched and started when the hub is back`;
  expect(await words()).toBe(away);
  expect(await words()).toBe(away);
  hub.isHubThere = true;
  expect(await words()).toContain("it is fetched again from the hub");

  await expect.poll(() => asked).toHaveLength(1);
  asked[0]?.resolve(bytes);
  await expect.poll(words).toBe("whole");
  expect(asked).toHaveLength(1);
});

test("why it could not be fetched is said until it was, and it is asked again every ten seconds", async () => {
  const { asked, clock, path, words } = await node();
  rmSync(path);
  await words();
  await expect.poll(() => asked).toHaveLength(1);
  asked[0]?.reject(new Error("the hub does not have it"));

  const failed = `${is} and could not be fetched again, which is tried every 10 s: the hub does not have it`;
  await expect.poll(words).toBe(failed);
  clock.advance(seconds(9));
  expect(await words()).toBe(failed);
  expect(asked).toHaveLength(1);
  clock.advance(seconds(1));
  expect(await words()).toBe(failed);
  await expect.poll(() => asked).toHaveLength(2);
  expect(await words()).toBe(failed);
  asked[1]?.resolve(Buffer.from("x".repeat(bytes.length)));
  await expect.poll(words).toContain("does not have the bytes of its digest");
  clock.advance(seconds(10));
  await words();
  await expect.poll(() => asked).toHaveLength(3);
  asked[2]?.resolve(bytes);

  await expect.poll(words).toBe("whole");
});
