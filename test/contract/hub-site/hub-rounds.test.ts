// A member that is forgotten between its promise and the decision, and comes back: rounds on a real store, over three lives.

import { openRolloutStore } from "@interactor/hub/src/adapters/store-sqlite/rollout-store.ts";
import { systemClock } from "@interactor/hub/src/adapters/clock-system.ts";
import { HubRounds } from "@interactor/hub/src/hub-rounds.ts";
import type { KeptRounds } from "@interactor/hub/src/ports/rollout-store.ts";
import { millis } from "@interactor/shared/kernel/units";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { decodeRoundWord, encodeMemberWord } from "@interactor/shared/wire/messages/group-words";
import { expect, test } from "vitest";
import { emptyFolder } from "../folders.ts";

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

async function life(folder: string) {
  const clock = new VirtualClock();
  const store = await openRolloutStore({ folder, clock: systemClock(), log: quiet });
  const saves: Promise<void>[] = [];
  const said: string[] = [];
  const rounds = new HubRounds({
    site: "demo",
    clock,
    log: quiet,
    store: {
      ...store,
      saveRounds(kept: KeptRounds) {
        const save = store.saveRounds(kept);
        saves.push(save);
        return save;
      },
    },
    clockSetAt: () => undefined,
    publish(topic, payload) {
      const word = decodeRoundWord(payload);
      said.push(`${topic.split("/").at(-2)} ${word.ok ? word.value.kind : "nothing"}`);
    },
    over: () => undefined,
  });
  rounds.resume();
  return {
    rounds,
    promised: (node: string) =>
      rounds.said(node, encodeMemberWord({ kind: "promised", id: 1, says: clock.wall(), error: millis(5) })),
    settled: (node: string) =>
      rounds.said(node, encodeMemberWord({ kind: "settled", id: 1, outcome: "commit" })),
    /** What was said since, when all that was to be written is. */
    async said() {
      // What is said after a write may lead to the next one.
      for (let save = saves.shift(); save !== undefined; save = saves.shift()) {
        await save;
        await new Promise(setImmediate);
      }
      return said.splice(0);
    },
    async end() {
      rounds.end();
      await store[Symbol.asyncDispose]();
    },
  };
}

test("a member that was forgotten before it heard of a commit hears of it when it comes back, until it knows", async () => {
  const folder = emptyFolder();
  const first = await life(folder);
  first.rounds.begin(7, "stage", ["a", "b"]);
  expect(await first.said()).toEqual(["a propose", "b propose"]);
  first.promised("a");
  first.promised("b");
  // The decision is on its way to the disk.
  first.rounds.forgotten("a");
  expect(await first.said()).toEqual(["b commit"]);
  first.settled("b");
  await first.said();
  await first.end();

  const second = await life(folder);
  second.promised("a");
  second.promised("b");
  expect(await second.said()).toEqual(["a commit", "b abort"]);
  second.settled("a");
  await second.said();
  await second.end();

  const third = await life(folder);
  third.promised("a");
  expect(await third.said()).toEqual(["a abort"]);
  await third.end();
});
