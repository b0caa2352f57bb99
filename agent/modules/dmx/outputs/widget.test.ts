import {
  encodeGuard,
  encodeWidgetFrame,
  labels,
  WidgetReader,
} from "@interactor/firmware-bridges/dmx-pro/host/codec.ts";
import { seconds } from "@interactor/shared/sdk/define-module";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { expect, onTestFinished, test } from "vitest";
import { Widget, type WidgetSettings } from "./widget.ts";

const scene = Uint8Array.of(0, 40);
const hex = (frame: Uint8Array): string => Buffer.from(frame).toString("hex");
const ours = Uint8Array.of(0xf0, 0x7f, ...Buffer.from("Interactor"));
const others = Uint8Array.of(1, 2, 3, 4);

function widgetWith(given: Partial<WidgetSettings> = {}) {
  const clock = new VirtualClock();
  const written: string[] = [];
  const write = (frame: Uint8Array): void => void written.push(hex(frame));
  const widget = new Widget({ guard: 2000, scene, mute: false, ...given }, { clock, write });
  const open = (): Promise<void> => {
    const abort = new AbortController();
    onTestFinished(() => abort.abort());
    return widget.greet({
      signal: abort.signal,
      failed: () => undefined,
      worse: () => undefined,
      well: () => undefined,
    });
  };
  return { widget, clock, open, written };
}

const questions = [encodeWidgetFrame(labels.getManufacturer), encodeWidgetFrame(labels.getSerial)].map(hex);

test("who is there is asked, and told nothing before it has answered", async () => {
  const { widget, open, written } = widgetWith();
  const opened = open();
  expect(written.splice(0)).toEqual(questions);

  widget.heard(labels.getSerial, others);

  await opened;
  expect(written).toEqual([]);
});

test("one that is said to be mute is taken for a widget, and never asked", async () => {
  const { open, clock, written } = widgetWith({ mute: true });

  await open();
  clock.advance(seconds(10));

  expect(written).toEqual([]);
});

test("a widget of somebody else's is asked every two seconds, and told no guard", async () => {
  const { widget, open, clock, written } = widgetWith();
  const opened = open();
  widget.heard(labels.getSerial, others);
  await opened;
  clock.advance(seconds(1));
  written.length = 0;

  clock.advance(seconds(4));

  expect(written).toEqual([...questions, ...questions]);
});

test("one of ours is told guard and scene at once, and the scene again only when it has none", async () => {
  const { widget, open, clock, written } = widgetWith();
  const opened = open();
  written.length = 0;
  widget.heard(labels.getManufacturer, ours);
  await opened;
  expect(written.splice(0)).toEqual([hex(encodeGuard(2000, scene))]);

  widget.heard(labels.setGuard, Uint8Array.of(2000 & 0xff, 2000 >> 8, 1));
  clock.advance(seconds(1));
  expect(written.splice(0)).toEqual([hex(encodeGuard(2000, "kept"))]);

  widget.heard(labels.setGuard, Uint8Array.of(2000 & 0xff, 2000 >> 8, 0));
  expect(written.splice(0)).toEqual([hex(encodeGuard(2000, scene))]);
});

test("who comes after the line was closed is asked who it is", async () => {
  const { widget, open, written } = widgetWith();
  const opened = open();
  widget.heard(labels.getManufacturer, ours);
  await opened;
  written.length = 0;

  void open();

  expect(written).toEqual(questions);
});

test("what is written is what a widget reads", () => {
  const read: number[] = [];
  const reader = new WidgetReader((label) => read.push(label));
  reader.push(encodeGuard(2000, scene));

  expect(read).toEqual([labels.setScene, labels.setGuard]);
});
