/**
 * Sees to it that a board which is in use is still the one that was set up. One that was reset has forgotten what its
 * pins are, one that hangs holds its outputs for ever, and the line stays open in either case.
 */
import type { EventEmitter } from "node:events";
import type { Damage } from "./firmata-stream.ts";
import { damagedMax, questionEvery, unansweredMax } from "./limits.ts";

/** Asks for the version: one byte, answered with three, and without any effect. */
const versionQuestion = Uint8Array.of(0xf9);
/** What a board says of a port of eight pins, and how it is asked for it; it answers at once, and then with each change. */
const digitalLevels = 0x90;
const reportDigital = 0xd0;
/** How our firmware begins what it says when nobody spoke to it for too long. */
const guardWord = "guard:";

/** What our firmware and StandardFirmata say when something was not set up: that pin is dead, and the others are not. */
const excesses: ReadonlySet<string> = new Set([
  "no more servos",
  "no more steppers",
  "servo: no such pulses",
  "I2C: no more readers",
  "Max servos attached",
  "too many queries",
]);

interface Listener {
  readonly fail: (error: Error) => void;
  readonly excess: (words: string) => void;
}

/** `io`: a board that has named its pins. `fail` is called once at most, and then nothing is asked any more; `excess` for what it does not carry. */
export function watchBoard(
  io: EventEmitter,
  write: (bytes: Uint8Array) => void,
  { fail, excess }: Listener,
): { damaged(how: Damage): void; heard(message: Uint8Array): void } {
  // Questions are counted and not time: while this process has no turn it neither asks nor hears.
  let unanswered = 0;
  let damaged = 0;
  const ports = new Set<number>();
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
  io.on("reportversion", () => {
    unanswered = 0;
    damaged = 0;
  });
  // Nobody asks for its name any more: a board says that by itself when it starts.
  io.on("queryfirmware", () => end("it has started anew by itself: is its supply steady?"));
  io.on("string", (words: string) => {
    if (words.startsWith(guardWord)) end("it turned its outputs off, because it heard nothing");
    else if (excesses.has(words)) excess(`these settings ask for more than it can do: it says "${words}"`);
  });
  return {
    damaged(how) {
      // It says what resets a board: what its pins are now nobody knows.
      if (how === "reset") return end("it says a reset (0xff): it is set up anew");
      damaged += 1;
      if (damaged > damagedMax)
        return end("what comes from it is damaged: are its cable and its speed right?");
      // Levels are told when they change: a change that was lost would be missed until the next one.
      if (ports.size > 0 && !isOver)
        write(Uint8Array.from([...ports].flatMap((port) => [reportDigital | port, 1])));
    },
    heard([first = 0]) {
      if ((first & 0xf0) === digitalLevels) ports.add(first & 0x0f);
    },
  };
}
