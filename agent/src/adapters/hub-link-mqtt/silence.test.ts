import { expect, test } from "vitest";
import { Silence } from "./silence.ts";

/** Looks every half second, as the link does; the hub answers each ping after `answer` ms. Returns when it is over. */
function livesFor(silence: Silence, answer: number, until: number): number {
  let answerAt = Number.POSITIVE_INFINITY;
  for (let at = 0; at <= until; at += 100) {
    if (at >= answerAt) {
      silence.heard(at);
      answerAt = Number.POSITIVE_INFINITY;
    }
    if (at % 500 !== 0) continue;
    if (silence.isTooLong(at)) return at;
    if (silence.takePing(at)) answerAt = at + answer;
  }
  return until;
}

test("a hub that answers its pings within a second is never given up", () => {
  expect(livesFor(new Silence(0), 1000, 60_000)).toBe(60_000);
});

test("a hub that answers nothing is given up after three seconds", () => {
  expect(livesFor(new Silence(0), Number.POSITIVE_INFINITY, 60_000)).toBe(3500);
});

test("what is on its way gets the time that a line of 64 kbit/s takes, and no more than ten seconds in all", () => {
  const some = new Silence(0);
  some.sent(16_000, 0);
  const much = new Silence(0);
  much.sent(1e9, 0);

  expect(livesFor(some, Number.POSITIVE_INFINITY, 60_000)).toBe(5500);
  expect(livesFor(much, Number.POSITIVE_INFINITY, 60_000)).toBe(10_500);
});

test("what was confirmed gets no time any more", () => {
  const silence = new Silence(0);
  silence.sent(16_000, 0);
  silence.confirmed(16_000);

  expect(livesFor(silence, Number.POSITIVE_INFINITY, 60_000)).toBe(3500);
});

test("while the hub speaks and we do not, it is told that we are here", () => {
  const silence = new Silence(0);

  for (const at of [500, 1000, 1500]) silence.heard(at);

  expect(silence.takePing(1500)).toBe(true);
  expect(silence.takePing(1600)).toBe(false);
});
