import { instant, later, millis } from "@interactor/shared/sdk/define-module";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  firstLookDelay,
  frameTime,
  keepAliveInterval,
  latenessForgiven,
  Pacing,
  repeatInterval,
  repeatsOfChange,
  repeatsOfFirst,
} from "./pacing.ts";

const start = instant(1000);

/** Runs `pacing` alone from `from`, sending whenever a frame is due, and returns when it sent. */
function sendTimes(pacing: Pacing, count: number): number[] {
  return Array.from({ length: count }, () => {
    const at = pacing.due();
    pacing.sent(at);
    return at;
  });
}

function gaps(times: readonly number[]): number[] {
  return times.slice(1).map((time, index) => Number((time - (times[index] ?? 0)).toFixed(6)));
}

/** A pacing whose first look is long sent, and the time of its last frame. */
function settled(): { readonly pacing: Pacing; readonly last: number } {
  const pacing = new Pacing(start);
  pacing.changed();
  return { pacing, last: sendTimes(pacing, repeatsOfFirst + 3).at(-1) ?? 0 };
}

describe("a new universe", () => {
  test("waits a little for its inputs before it sends a look that nobody drives", () => {
    expect(new Pacing(start).due()).toBe(later(start, firstLookDelay));
  });

  test("sends at once when an input is set", () => {
    const pacing = new Pacing(start);

    pacing.changed();

    expect(pacing.due()).toBe(start);
  });

  test("repeats its first look until sequence numbers have left the window in which receivers drop", () => {
    const pacing = new Pacing(start);
    pacing.changed();

    const times = sendTimes(pacing, repeatsOfFirst + 2);

    expect(gaps(times)).toEqual([
      ...Array.from({ length: repeatsOfFirst }, () => repeatInterval),
      keepAliveInterval,
    ]);
  });
});

describe("a look that changes", () => {
  test("goes at once when the last frame is old enough", () => {
    const { pacing, last } = settled();

    pacing.changed();

    expect(pacing.isDue(instant(last + frameTime))).toBe(true);
  });

  test("goes exactly when the last frame becomes old enough", () => {
    const { pacing, last } = settled();
    pacing.changed();

    expect(pacing.isDue(instant(last + frameTime - 0.1))).toBe(false);
    expect(pacing.due()).toBe(last + frameTime);
  });

  test("is sent three times and then kept alive", () => {
    const { pacing } = settled();
    pacing.changed();

    const times = sendTimes(pacing, repeatsOfChange + 3);

    expect(gaps(times)).toEqual([repeatInterval, repeatInterval, keepAliveInterval, keepAliveInterval]);
  });
});

test("the keep-alive is within what both protocols ask for", () => {
  expect(keepAliveInterval).toBeGreaterThanOrEqual(800);
  expect(keepAliveInterval).toBeLessThanOrEqual(1000);
});

describe("whenever changes come", () => {
  const waits = fc.array(fc.double({ min: 0, max: 200, noNaN: true }), { minLength: 1, maxLength: 200 });

  /** Plays changes at these distances through a shell that sends when due. Returns changes and frames. */
  function play(distances: readonly number[]): { readonly changes: number[]; readonly frames: number[] } {
    const pacing = new Pacing(start);
    const changes: number[] = [];
    const frames: number[] = [];
    let now = start;
    const sendUntil = (end: number): void => {
      while (pacing.due() <= end) {
        const at = instant(Math.max(pacing.due(), now));
        pacing.sent(at);
        frames.push(at);
      }
    };
    for (const distance of distances) {
      const next = later(now, millis(distance));
      sendUntil(next);
      now = next;
      pacing.changed();
      changes.push(now);
    }
    sendUntil(now + 2 * keepAliveInterval + 30 * frameTime);
    return { changes, frames };
  }

  test("in no span are there more frames than the line carries, but for the one that was late before it", () => {
    fc.assert(
      fc.property(waits, (distances) => {
        const { frames } = play(distances);

        let carried = -Infinity;
        for (const frame of frames) {
          expect(frame).toBeGreaterThanOrEqual(carried - latenessForgiven - 1e-6);
          // As if each had to be carried whole before the next.
          carried = Math.max(carried, frame) + frameTime;
        }
      }),
    );
  });

  test("a change never waits longer than until the line is free", () => {
    fc.assert(
      fc.property(waits, (distances) => {
        const { changes, frames } = play(distances);

        for (const change of changes) {
          const shown = frames.find((frame) => frame >= change) ?? Infinity;
          const former = frames.findLast((frame) => frame < change) ?? -Infinity;
          expect(shown).toBeLessThanOrEqual(Math.max(change, former + frameTime) + 1e-6);
        }
      }),
    );
  });

  test("a line that was at rest carries the next two frames a whole frame apart", () => {
    const { pacing, last } = settled();
    const at = later(instant(last), millis(100));
    pacing.changed();
    pacing.sent(at);

    pacing.changed();

    expect(pacing.due()).toBe(later(at, frameTime));
  });

  test("frames that are late push nothing that follows, and make nothing more than 44 Hz", () => {
    const late = fc.array(fc.double({ min: 0, max: latenessForgiven, noNaN: true }), {
      minLength: 2,
      maxLength: 200,
    });
    fc.assert(
      fc.property(late, (lateness) => {
        const pacing = new Pacing(start);
        for (const [frame, late] of lateness.entries()) {
          pacing.changed();
          expect(pacing.due()).toBeCloseTo(start + frame * frameTime, 6);
          pacing.sent(later(pacing.due(), millis(late)));
        }
      }),
    );
  });

  test("a desk at 44 Hz is followed look by look, however its looks are held up on their way", () => {
    const holdUps = fc.array(fc.double({ min: 0, max: latenessForgiven, noNaN: true }), {
      minLength: 100,
      maxLength: 300,
    });
    fc.assert(
      fc.property(holdUps, (delays) => {
        const pacing = new Pacing(start);
        // The line has settled.
        for (let frame = 0; frame <= repeatsOfFirst; frame += 1) pacing.sent(pacing.due());
        const first = pacing.due() + 1000 / 44;
        for (const [look, delay] of delays.entries()) {
          const came = instant(first + (look * 1000) / 44 + delay);
          pacing.changed();
          // At once, or as late as the worst that was before it.
          const sent = instant(Math.max(came, pacing.due()));
          expect(sent - came).toBeLessThanOrEqual(latenessForgiven + 1e-6);
          pacing.sent(sent);
        }
      }),
    );
  });

  test("receivers never wait longer than the keep-alive", () => {
    fc.assert(
      fc.property(waits, (distances) => {
        const { frames } = play(distances);

        expect(Math.max(...gaps(frames))).toBeLessThanOrEqual(keepAliveInterval + 1e-6);
      }),
    );
  });
});
