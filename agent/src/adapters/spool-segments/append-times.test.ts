import { expect, test } from "vitest";
import fc from "fast-check";
import { instant, seconds } from "@interactor/shared/kernel/units";
import { ttlDefault } from "@interactor/shared/wire/limits";
import { AppendTimes } from "./append-times.ts";

test("what came within the last 5 s has its time, 20 ms early at most, and what is older has none or one that says so", () => {
  const gaps = fc.array(fc.constantFrom(0, 1, 7, 19, 20, 300, seconds(2), seconds(9)), { maxLength: 60 });

  fc.assert(
    fc.property(gaps, (waits) => {
      const times = new AppendTimes();
      const appended: number[] = [];
      let at = 0;
      for (const wait of waits) {
        at += wait;
        times.append(appended.length, instant(at));
        appended.push(at);
      }
      for (const [seq, time] of appended.entries()) {
        const known = times.of(seq);
        const isYoung = at - time <= ttlDefault;
        if (isYoung) expect(known).toBeDefined();
        if (known === undefined) continue;
        expect(known).toBeLessThanOrEqual(time);
        expect(known).toBeGreaterThan(time - 20);
      }
    }),
  );
});
