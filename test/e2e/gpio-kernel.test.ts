// What the gpio module hands to the kernel, beside what the kernel's own header makes of the same wishes.

import {
  decodeChipInfo,
  decodeEdges,
  emptyChipInfo,
  encodeInputRequest,
  encodeOutputRequest,
  encodeValues,
  requests,
} from "@interactor/agent/modules/gpio/kernel-abi.ts";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { requires } from "./requires.ts";

const test = requires("gcc");

const source = String.raw`
#include <stdio.h>
#include <string.h>
#include <linux/gpio.h>

static void hex(const char *name, const void *bytes, unsigned length) {
  printf("%s ", name);
  for (unsigned i = 0; i < length; i++) printf("%02x", ((const unsigned char *)bytes)[i]);
  printf("\n");
}

int main(void) {
  unsigned int numbers[] = {GPIO_GET_CHIPINFO_IOCTL, GPIO_V2_GET_LINE_IOCTL, GPIO_V2_LINE_SET_VALUES_IOCTL,
                            GPIO_V2_LINE_GET_VALUES_IOCTL};
  hex("numbers", numbers, sizeof numbers);

  struct gpio_v2_line_request in = {0};
  in.offsets[0] = 17, in.offsets[1] = 22, in.offsets[2] = 23;
  strcpy(in.consumer, "hall/header");
  __u64 edges = GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_EDGE_RISING | GPIO_V2_LINE_FLAG_EDGE_FALLING;
  in.config.flags = edges | GPIO_V2_LINE_FLAG_ACTIVE_LOW | GPIO_V2_LINE_FLAG_BIAS_PULL_UP;
  in.config.num_attrs = 3;
  in.config.attrs[0].attr.id = GPIO_V2_LINE_ATTR_ID_DEBOUNCE;
  in.config.attrs[0].attr.debounce_period_us = 10000;
  in.config.attrs[0].mask = 5;
  in.config.attrs[1].attr.id = GPIO_V2_LINE_ATTR_ID_FLAGS;
  in.config.attrs[1].attr.flags = edges | GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN;
  in.config.attrs[1].mask = 2;
  in.config.attrs[2].attr.id = GPIO_V2_LINE_ATTR_ID_FLAGS;
  in.config.attrs[2].attr.flags = edges | GPIO_V2_LINE_FLAG_BIAS_DISABLED;
  in.config.attrs[2].mask = 4;
  in.num_lines = 3;
  in.event_buffer_size = 1024;
  hex("input", &in, sizeof in);

  struct gpio_v2_line_request out = {0};
  out.offsets[0] = 27, out.offsets[1] = 5;
  strcpy(out.consumer, "hall/header");
  out.config.flags = GPIO_V2_LINE_FLAG_OUTPUT;
  out.config.num_attrs = 2;
  out.config.attrs[0].attr.id = GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES;
  out.config.attrs[0].attr.values = 2;
  out.config.attrs[0].mask = 3;
  out.config.attrs[1].attr.id = GPIO_V2_LINE_ATTR_ID_FLAGS;
  out.config.attrs[1].attr.flags =
      GPIO_V2_LINE_FLAG_OUTPUT | GPIO_V2_LINE_FLAG_ACTIVE_LOW | GPIO_V2_LINE_FLAG_OPEN_DRAIN;
  out.config.attrs[1].mask = 2;
  out.num_lines = 2;
  out.event_buffer_size = 1024;
  hex("output", &out, sizeof out);

  struct gpio_v2_line_values values = {.bits = 5, .mask = 7};
  hex("values", &values, sizeof values);

  struct gpio_v2_line_event events[2] = {
      {.timestamp_ns = 123456789012345ULL, .id = GPIO_V2_LINE_EVENT_RISING_EDGE, .offset = 17, .seqno = 1, .line_seqno = 1},
      {.timestamp_ns = 123456789999999ULL, .id = GPIO_V2_LINE_EVENT_FALLING_EDGE, .offset = 22, .seqno = 2, .line_seqno = 1}};
  hex("events", events, sizeof events);

  struct gpiochip_info chip = {.lines = 54};
  strcpy(chip.name, "gpiochip0");
  strcpy(chip.label, "pinctrl-rp1");
  hex("chip", &chip, sizeof chip);
  return 0;
}
`;

test("our bytes are those of linux/gpio.h", async () => {
  const folder = await mkdtemp(join(tmpdir(), "interactor-gpio-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "made.c"), source);
  execFileSync("gcc", ["-o", join(folder, "made"), join(folder, "made.c")]);
  const lines = execFileSync(join(folder, "made"), { encoding: "utf8" }).trim().split("\n");
  const made = new Map(
    lines.map((line) => [line.split(" ")[0], Buffer.from(line.split(" ")[1] ?? "", "hex")]),
  );
  const ours = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []);

  const plain = { isActiveLow: false, debounceMicros: 0 };
  const numbers = new Uint32Array([
    requests.chipInfo,
    requests.lines,
    requests.setValues,
    requests.getValues,
  ]);
  expect(Buffer.from(numbers.buffer)).toEqual(made.get("numbers"));
  expect(
    ours(
      encodeInputRequest(
        [
          { offset: 17, pull: "up", isActiveLow: true, debounceMicros: 10_000 },
          { ...plain, offset: 22, pull: "down" },
          { ...plain, offset: 23, pull: "none", debounceMicros: 10_000 },
        ],
        "hall/header",
      ),
    ),
  ).toEqual(made.get("input"));
  expect(
    ours(
      encodeOutputRequest(
        [
          { offset: 27, isActiveLow: false, isOpenDrain: false, first: false },
          { offset: 5, isActiveLow: true, isOpenDrain: true, first: true },
        ],
        "hall/header",
      ),
    ),
  ).toEqual(made.get("output"));
  expect(ours(encodeValues([true, false, true]))).toEqual(made.get("values"));
  expect(decodeEdges(made.get("events") ?? Buffer.alloc(0))).toEqual([
    { nanos: 123_456_789_012_345n, isRising: true, offset: 17, sequence: 1 },
    { nanos: 123_456_789_999_999n, isRising: false, offset: 22, sequence: 2 },
  ]);
  expect(made.get("chip")?.length).toBe(emptyChipInfo().length);
  expect(decodeChipInfo(made.get("chip") ?? Buffer.alloc(0))).toEqual({
    name: "gpiochip0",
    label: "pinctrl-rp1",
    lines: 54,
  });
});
