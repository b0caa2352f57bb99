import { expect, test } from "vitest";
import fc from "fast-check";
import { Fifo } from "./fifo.ts";

test("it behaves like an array with push and shift", () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat())), (steps) => {
      const fifo = new Fifo<number>();
      const model: number[] = [];
      for (const each of steps) {
        if (each === null) expect(fifo.shift()).toBe(model.shift());
        else {
          fifo.push(each);
          model.push(each);
        }
        expect([fifo.length, fifo.peek()]).toEqual([model.length, model[0]]);
      }
    }),
  );
});

test("a queue of a hundred thousand is emptied in a moment", () => {
  const fifo = new Fifo<number>();
  for (let item = 0; item < 100_000; item++) fifo.push(item);

  const startedAt = performance.now();
  while (fifo.shift() !== undefined);

  expect(performance.now() - startedAt).toBeLessThan(500);
});
