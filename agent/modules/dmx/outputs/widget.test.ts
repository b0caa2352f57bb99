import {
  encodeGuard,
  encodeWidgetFrame,
  labels,
  WidgetReader,
} from "@interactor/firmware-bridges/dmx-pro/host/codec.ts";
import { expect, test } from "vitest";
import { Widget, type WidgetSettings } from "./widget.ts";

const scene = Uint8Array.of(0, 40);
const hex = (frame: Uint8Array): string => Buffer.from(frame).toString("hex");
const ours = Uint8Array.of(0xf0, 0x7f, ...Buffer.from("Interactor"));

function widgetWith(given: Partial<WidgetSettings> = {}) {
  const written: string[] = [];
  const widget = new Widget({ guard: 2000, scene, mute: false, ...given }, (frame) =>
    written.push(hex(frame)),
  );
  widget.opened();
  const seconds = (count: number): void => {
    for (let second = 0; second < count; second += 1) widget.tick();
  };
  return { widget, written, seconds };
}

const questions = [encodeWidgetFrame(labels.getManufacturer), encodeWidgetFrame(labels.getSerial)].map(hex);

test("what does not answer gets no levels, and is asked now and then, with silences that its bootloader may need", () => {
  const { widget, written, seconds } = widgetWith();
  expect(written).toEqual([]);
  widget.started();
  expect(written.splice(0)).toEqual(questions);
  seconds(2);
  expect(written).toEqual([]);

  seconds(14);

  expect(written).toEqual([...questions, ...questions, ...questions]);
  seconds(3);
  expect(written).toHaveLength(4 * questions.length);
  expect(widget.takesLevels).toBe(false);
  expect(widget.problem).toContain("is it the right device?");
});

test("one that is said to be mute gets levels unasked", () => {
  const { widget, written } = widgetWith({ mute: true });
  widget.tick();

  expect([widget.takesLevels, widget.problem, written]).toEqual([true, undefined, []]);
});

test("a widget of somebody else's is asked every two seconds, and told of when it falls silent", () => {
  const { widget, written } = widgetWith();
  widget.heard(labels.getSerial, Uint8Array.of(1, 2, 3, 4));
  written.length = 0;
  for (let second = 0; second < 6; second += 1) widget.tick();

  expect(written).toHaveLength(3 * questions.length);
  expect([widget.takesLevels, widget.problem]).toEqual([true, undefined]);
  widget.tick();
  widget.tick();
  expect([widget.takesLevels, widget.problem]).toEqual([true, "it does not answer any more"]);
  widget.heard(labels.getSerial, Uint8Array.of(1, 2, 3, 4));
  expect(widget.problem).toBeUndefined();
});

test("one of ours is told guard and scene at once, and the scene again only when it has none", () => {
  const { widget, written } = widgetWith();
  written.length = 0;
  widget.heard(labels.getManufacturer, ours);
  expect(written.splice(0)).toEqual([hex(encodeGuard(2000, scene))]);

  widget.heard(labels.setGuard, Uint8Array.of(2000 & 0xff, 2000 >> 8, 1));
  widget.tick();
  widget.tick();
  expect(written.splice(0)).toEqual([hex(encodeGuard(2000, "kept"))]);

  widget.heard(labels.setGuard, Uint8Array.of(2000 & 0xff, 2000 >> 8, 0));
  expect(written.splice(0)).toEqual([hex(encodeGuard(2000, scene))]);
});

test("who comes after the line was closed is asked anew", () => {
  const { widget } = widgetWith();
  widget.heard(labels.getManufacturer, ours);

  widget.opened();

  expect(widget.takesLevels).toBe(false);
});

test("what is written is what a widget reads", () => {
  const read: number[] = [];
  const reader = new WidgetReader((label) => read.push(label));
  reader.push(encodeGuard(2000, scene));

  expect(read).toEqual([labels.setScene, labels.setGuard]);
});
