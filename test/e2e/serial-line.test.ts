// A line to a device and the threads of one agent: modules have threads of their own, and a thread may die.

import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect } from "vitest";
import { requires } from "./requires.ts";
import { openTtyPair } from "./tty-pair.ts";

const test = requires("socat");

/** Ended before their line is: the native code of a thread that is closing one must not be torn down meanwhile. */
class Threads implements AsyncDisposable {
  readonly #threads: Worker[] = [];

  open(path: string): Worker {
    const thread = new Worker(new URL("line-thread.ts", import.meta.url), { workerData: path });
    this.#threads.push(thread);
    return thread;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const thread of this.#threads) await thread.terminate();
  }
}

test("a line that a living thread has open is refused to another and goes on being read", async () => {
  await using pair = await openTtyPair();
  await using threads = new Threads();
  const owner = threads.open(pair.path);
  expect(await answerOf(owner)).toBe("opened");

  const answer = await answerOf(threads.open(pair.path));

  expect(answer).toMatch(/^refused: .*lock/iu);
  pair.say("still here");
  expect(await answerOf(owner)).toBe("received still here\n");
});

test("a line that a dead thread left locked is taken over", async () => {
  await using pair = await openTtyPair();
  await using threads = new Threads();
  const owner = threads.open(pair.path);
  expect(await answerOf(owner)).toBe("opened");
  await owner.terminate();

  const heir = threads.open(pair.path);

  expect(await answerOf(heir)).toBe("opened");
  pair.say("hello heir");
  expect(await answerOf(heir)).toBe("received hello heir\n");
});

async function answerOf(thread: Worker): Promise<unknown> {
  const [answer] = await once(thread, "message");
  return answer;
}
