import { EventEmitter } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import type { Damage } from "./firmata-stream.ts";
import { damagedMax } from "./limits.ts";
import { watchBoard } from "./sign-of-life.ts";

function watched() {
  const io = new EventEmitter();
  const failures: string[] = [];
  const excesses: string[] = [];
  const written: number[][] = [];
  const watch = watchBoard(io, (bytes) => void written.push([...bytes]), {
    fail: ({ message }) => void failures.push(message),
    excess: (words) => void excesses.push(words),
  });
  // It asks no more once it has failed.
  onTestFinished(() => void io.emit("queryfirmware"));
  const damaged = (how: Damage, times: number): void => {
    for (let count = 0; count < times; count += 1) watch.damaged(how);
  };
  const heard = (...bytes: number[]): void => watch.heard(Uint8Array.from(bytes));
  return { io, failures, excesses, damaged, written, heard };
}

test("a board that says a reset is set up anew at once, and told once", () => {
  const { failures, damaged } = watched();

  damaged("reset", 2);

  expect(failures).toEqual(["it says a reset (0xff): it is set up anew"]);
});

test("a board that could not set something up says so and is used all the same; what else it says is borne", () => {
  const { io, failures, excesses } = watched();

  io.emit("string", "I2C: no answer");
  expect(excesses).toEqual([]);
  io.emit("string", "no more servos");

  expect(failures).toEqual([]);
  expect(excesses).toEqual(['these settings ask for more than it can do: it says "no more servos"']);
});

test("a plug that is touched now and then is borne, as long as answers come between", () => {
  const { io, failures, damaged } = watched();

  for (let minute = 0; minute < 60; minute += 1) {
    damaged("broken", damagedMax);
    io.emit("reportversion");
  }
  expect(failures).toEqual([]);

  damaged("broken", damagedMax + 1);
  expect(failures).toEqual(["what comes from it is damaged: are its cable and its speed right?"]);
});

test("after a damaged message a board is asked for the levels that it tells of, for one may have changed", () => {
  const { damaged, heard, written } = watched();
  damaged("broken", 1);
  heard(0xe0, 5, 1);
  heard(0x91, 4, 0);
  heard(0x90, 0, 0);
  heard(0x91, 0, 0);
  expect(written).toEqual([]);

  damaged("broken", 1);

  expect(written).toEqual([[0xd1, 1, 0xd0, 1]]);
});
