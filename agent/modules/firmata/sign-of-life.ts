/**
 * Sees to it that a board which is in use is still the one that was set up. One that was reset has forgotten what its
 * pins are, one that hangs holds its outputs for ever, and the line stays open in either case.
 */
import type { EventEmitter } from "node:events";
import { questionEvery, unansweredMax } from "./limits.ts";

/** Asks for the version: one byte, answered with three, and without any effect. */
const versionQuestion = Uint8Array.of(0xf9);
/** How our firmware begins what it says when nobody spoke to it for too long. */
const guardWord = "guard:";

/** `io`: a board that has named its pins. `fail` is called once at most, and then nothing is asked any more. */
export function watchBoard(
  io: EventEmitter,
  write: (bytes: Uint8Array) => void,
  fail: (error: Error) => void,
): void {
  // Questions are counted and not time: while this process has no turn it neither asks nor hears.
  let unanswered = 0;
  let isOver = false;
  const end = (words: string): void => {
    if (isOver) return;
    isOver = true;
    clearInterval(asking);
    fail(new Error(words));
  };
  const asking = setInterval(() => {
    if (unanswered >= unansweredMax) return end("it does not answer any more");
    unanswered += 1;
    write(versionQuestion);
  }, questionEvery);
  asking.unref();
  io.on("reportversion", () => (unanswered = 0));
  // Nobody asks for its name any more: a board says that by itself when it starts.
  io.on("queryfirmware", () => end("it has started anew by itself: is its supply steady?"));
  io.on("string", (words: string) => {
    if (words.startsWith(guardWord)) end("it turned its outputs off, because it heard nothing");
  });
}
