// Every module that drives a device, as it is shipped: its code is in the agent's bundle, and its native code beside it.
// On a computer without any of the devices each says what is missing, in its own words, and the others go on.

import { expect, test, vi } from "vitest";
import type { NodeView } from "@interactor/shared/wire/api";
import { freePort } from "./free-port.ts";
import { startAgent, startHub } from "./programs.ts";

const instances = {
  desk: {
    module: "osc",
    settings: { listen: { port: 0 }, outputs: { fader: { type: "float", address: "/fader" } } },
  },
  header: { module: "gpio", settings: { chip: "no-such-chip", outputs: { button: { pin: 17 } } } },
  air: { module: "i2c", settings: { chip: "bme280", address: "250/0x76" } },
  keys: { module: "midi", settings: { port: "no such keyboard", outputs: { fader: { controller: 7 } } } },
  board: {
    module: "firmata",
    settings: { path: "/dev/serial/by-id/no-such-board", inputs: { led: { device: "led", pin: 13 } } },
  },
};

const missing = {
  header: /no pins|no chip/u,
  air: /there is no \/dev\/i2c-250/u,
  // The library is there, and asked.
  keys: /no MIDI(?!:[^"]*constructor)/u,
  board: /no-such-board is not there/u,
} as const;

test("an agent runs them all, and each says what it waits for", async () => {
  const port = await freePort();
  const settings = {
    ...instances,
    desk: { ...instances.desk, settings: { ...instances.desk.settings, listen: { port } } },
  };
  await using hub = await startHub({});
  await using agent = await startAgent({ node: "pi", hub: hub.mqtt, instances: settings });

  await vi.waitFor(
    async () => {
      const node: NodeView | undefined = await hub.node("pi");
      const told = JSON.stringify(node);
      for (const words of Object.values(missing)) expect(told).toMatch(words);
      expect(told).toMatch(/"desk":\{[^}]*"running"/u);
    },
    { timeout: 50_000, interval: 200 },
  );

  expect(agent.log()).not.toMatch(/MODULE_UNKNOWN|Cannot find module/u);
});
