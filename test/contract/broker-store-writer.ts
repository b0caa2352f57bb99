// A program to be killed: opens the store in the folder it is given, queues messages for a client it is named and
// completes them, as fast as it is told that they are written. It prints what it is about to complete (`done 7`), and
// what it was told is on disk (`queued 7`, `gone 7`). Lines go out at once, also when the reader is slow.

import { writeSync } from "node:fs";
import { micros } from "@interactor/shared/kernel/units";

import { systemClock } from "../../hub/src/adapters/clock-system.ts";
import { openBrokerStore } from "../../hub/src/adapters/store-sqlite/store-sqlite.ts";
import { brokerLimits } from "../../hub/src/ports/broker.ts";
import { payloadOf } from "./numbered-payload.ts";

const [folder = "", client = ""] = process.argv.slice(2);
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const limits = { ...brokerLimits, sessionMessagesMax: 1_000_000 };
await using store = await openBrokerStore({ folder, limits, clock: systemClock(), log: quiet });

const say = (line: string): void => void writeSync(1, `${line}\n`);
const whenWritten = (then: () => void): void =>
  store.whenWritten((isWritten) => (isWritten ? then() : process.exit(1)));

store.write({ kind: "session-opened", client });
for (let number = 1; ; number++) {
  const message = {
    number,
    topic: "count/up",
    payload: payloadOf(number),
    qos: 1,
    at: micros(number),
  } as const;
  store.write({ kind: "queued", client, message });
  const last = {
    topic: `last of ${client}`,
    payload: Buffer.from(String(number)),
    qos: 1,
    owner: client,
    at: micros(number),
  } as const;
  store.write({ kind: "retained", message: last });
  whenWritten(() => {
    say(`queued ${number}`);
    store.write({ kind: "sent", client, number, packetId: number % 65_535 });
    // Every third one stays.
    if (number % 3 === 0) return;
    setTimeout(() => complete(number), number % 20);
  });
  if (number % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
}

function complete(number: number): void {
  say(`done ${number}`);
  store.write({ kind: "done", client, number });
  whenWritten(() => say(`gone ${number}`));
}
