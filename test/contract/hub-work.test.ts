// What the hub takes for work: it decides how its heap may grow.

import { expect, test } from "vitest";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { birthOf, batchOf, entryOf, sessionNumber } from "@interactor/shared/testing/builders";
import { seededRandom } from "@interactor/shared/kernel/random";
import { encodeBatch } from "@interactor/shared/wire/batch";
import { entryFlag } from "@interactor/shared/wire/entry";
import { lane } from "@interactor/shared/wire/lanes";
import { encodeNodeState } from "@interactor/shared/wire/messages/state";
import { nodeTopics, siteTopics } from "@interactor/shared/wire/topics";

import { systemClock } from "../../hub/src/adapters/clock-system.ts";
import { openStopStore } from "../../hub/src/adapters/stop-store-files.ts";
import { compilerHere } from "../../hub/src/adapters/site-compiler/compiling.ts";
import { openRevisionLog } from "../../hub/src/adapters/store-sqlite/revision-log.ts";
import { openRolloutStore } from "../../hub/src/adapters/store-sqlite/rollout-store.ts";
import { openJournal } from "../../hub/src/adapters/store-sqlite/journal.ts";
import { Hub } from "../../hub/src/hub.ts";
import { journalLimits } from "../../hub/src/ports/journal.ts";
import { emptyFolder } from "./folders.ts";

test("an entry with sixty-four values in its columns is as much as one with a single value", async () => {
  const folder = emptyFolder();
  const say = (): void => undefined;
  const log = { info: say, warn: say, error: say };
  await using journal = await openJournal({ folder, limits: journalLimits, clock: systemClock(), log });
  const stopStore = openStopStore(folder, log);
  const clock = systemClock();
  await using revisionLog = await openRevisionLog({ folder, clock, log });
  await using rolloutStore = await openRolloutStore({ folder, clock, log });
  const world = {
    clock: new VirtualClock(),
    random: seededRandom(1),
    log,
    journal,
    stopStore,
    revisionLog,
    rolloutStore,
    compiler: compilerHere("room"),
    digestOf: String,
  };
  const hub = new Hub({ site: "room", version: "1", session: sessionNumber(7) }, world);
  const client = { id: siteTopics("room").clientId("pi"), user: "" };
  const topics = nodeTopics("room", "pi");
  const outputs = { many: { type: "int" as const } };
  const instances = { sim: { module: "sim", version: "1", inputs: {}, outputs } };
  hub.received(client, topics.state, encodeNodeState(birthOf({ instances })));
  const numbers = Array.from({ length: 64 }, (_, place) => place);
  const entries = [
    entryOf({ from: "sim/many", body: 1 }),
    entryOf({ from: "sim/many", flags: entryFlag.columns, body: [numbers, numbers] }),
  ];

  hub.received(client, topics.up(lane.telemetry), encodeBatch(batchOf({ entries })));
  await new Promise((resolve) => journal.whenWritten(resolve));

  expect(hub.counters).toMatchObject({ entries: 2, messages: 65 });
});
