import { expect, test } from "vitest";
import { type Hearing, hubLink } from "./hub-link.ts";
import { hubSilenceMax } from "./limits.ts";

const heard: Hearing = { isSocketUp: true, isHubGone: false, heardAt: 10_000 };

test("a hub that speaks is connected", () => {
  expect(hubLink(heard, 11_000)).toBe("connected");
});

test("a hub that is silent on an open socket is lost", () => {
  expect(hubLink(heard, 10_000 + hubSilenceMax + 1)).toBe("lost");
});

test("a closed socket is a lost hub at once, and so is its death", () => {
  expect(hubLink({ ...heard, isSocketUp: false }, 10_001)).toBe("lost");
  expect(hubLink({ ...heard, isHubGone: true }, 10_001)).toBe("lost");
});

test("a hub that was never heard is not called lost", () => {
  expect(hubLink({ isSocketUp: false, isHubGone: false, heardAt: undefined }, 60_000)).toBe("connecting");
});
