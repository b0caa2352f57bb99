import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { channelsOf } from "../universe/level-colours.ts";

const [dark = "", light = ""] = readFileSync(new URL("tokens.css", import.meta.url), "utf8").split(
  "data-theme",
);

function colourOf(theme: string, name: string): string {
  const found = new RegExp(`--${name}: (#[0-9a-f]{6})`).exec(theme)?.[1];
  expect(found, `--${name} is a colour`).toBeDefined();
  return found ?? "";
}

/** Relative luminance and contrast, WCAG 2.2. */
function luminance(colour: string): number {
  const [red, green, blue] = channelsOf(colour).map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0);
}

function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

const texts = ["text", "muted", "accent", "good", "warn", "bad", "info"];
const grounds = ["ground", "panel", "raised"];
const pairs = texts.flatMap((text) => grounds.map((ground) => [text, ground] as const));

test.each([
  ["dark", dark],
  ["light", light],
])("in the %s theme every text meets WCAG AA on every ground", (_name, theme) => {
  const tooFaint = pairs.filter(
    ([text, ground]) => contrast(colourOf(theme, text), colourOf(theme, ground)) < 4.5,
  );

  expect(tooFaint).toEqual([]);
  expect(contrast(colourOf(theme, "accent-text"), colourOf(theme, "accent"))).toBeGreaterThanOrEqual(4.5);
  expect(contrast(colourOf(theme, "stop-text"), colourOf(theme, "stop"))).toBeGreaterThanOrEqual(4.5);
});
