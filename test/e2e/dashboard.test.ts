// What a person sees: the real page of the real hub in a real browser, wide and on a phone, dark and light.

import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { eventually, type HubProgram, startAgent, startHub } from "./programs.ts";
import { requires } from "./requires.ts";
import { untilRunning } from "./room.ts";

/** Not committed: to be looked at. */
const artifacts = join(import.meta.dirname, "../artifacts");

const routes = `routes:
  - name: approach
    from: demo/sim/distance
    to: demo/dmx/front
    map: scale(value, 0.3, 4, 1, 0)
  - name: motion-light
    from: demo/sim/motion
    to: demo/dmx/back
    map: "value ? 0.8 : 0.1"
`;

const instances = {
  sim: { module: "simulated" },
  host: { module: "host" },
  dmx: {
    module: "dmx",
    settings: {
      universe: 1,
      sacn: { to: ["127.0.0.1"] },
      artnet: { to: ["127.0.0.1"] },
      dimmers: { front: { channel: 1 }, back: { channel: 2 } },
      cueLists: { show: { cues: [{ name: "open", levels: { ch20: 99 } }] } },
    },
  },
};

const browserTest = requires("chromium");
const things = new AsyncDisposableStack();
let browser: Browser;
let hub: HubProgram;

beforeAll(async () => {
  await mkdir(artifacts, { recursive: true });
  hub = things.use(await startHub({ routes }));
  things.use(await startAgent({ node: "demo", hub: hub.mqtt, instances }));
  await untilRunning(hub, "demo");
  browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"],
  });
  things.defer(() => browser.close());
}, 60_000);

afterAll(() => things.disposeAsync());

interface Visit extends AsyncDisposable {
  readonly page: Page;
  /** What the browser complained of. */
  readonly complaints: readonly string[];
}

const wide = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };

async function visit(viewport = wide, colorScheme: "dark" | "light" = "dark"): Promise<Visit> {
  const context = await browser.newContext({ viewport, colorScheme, reducedMotion: "reduce" });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    if (!request.url().startsWith(hub.http)) complaints.push(`asks elsewhere: ${request.url()}`);
  });
  await page.goto(hub.http);
  await page.getByTestId("hub-state").getByText("connected").waitFor();
  // On a phone a screen at a time is shown.
  await page.getByTestId("value-demo-sim-distance").waitFor({ state: "attached" });
  return { page, complaints, [Symbol.asyncDispose]: () => context.close() };
}

const text = async (page: Page, testId: string): Promise<string> =>
  (await page.getByTestId(testId).textContent()) ?? "";

/** Level 0–255 of a channel of the universe as sent, told in words: `channel 2 · 26 · 10 %`. */
async function levelOf(page: Page, channel: number): Promise<number> {
  await page.getByTestId("universe-demo-dmx-channel").fill(String(channel));
  const told = new RegExp(`^channel ${channel} · (\\d+) · `);
  return eventually("the level is told", async () => {
    const level = told.exec(await text(page, "universe-demo-dmx-level"))?.[1];
    return level === undefined ? undefined : Number(level);
  });
}

browserTest("values move, the node is ready, and the universe follows the simulated visitor", async () => {
  await using visitor = await visit();
  const { page } = visitor;

  expect(await text(page, "node-demo-state")).toBe("ready");
  const distances = new Set<string>();
  const levels = new Set<number>();
  await eventually(
    "distance and light move",
    async () => {
      distances.add(await text(page, "value-demo-sim-distance"));
      levels.add(await levelOf(page, 1));
      return distances.size > 2 && levels.size > 2;
    },
    30_000,
  );
  await eventually("the light is what the route makes of the distance", async () => {
    const shown = page.getByTestId("value-demo-sim-distance").locator(".value-now");
    const distance = Number.parseFloat((await shown.textContent()) ?? "");
    return Math.abs((await levelOf(page, 1)) - 255 * (1 - (distance - 0.3) / 3.7)) < 15;
  });
  await eventually("rate", async () => /[1-9]/.test(await text(page, "message-rate")));
  await eventually("latency", async () => /[0-9]/.test(await text(page, "latency-p99")));
  expect(visitor.complaints).toEqual([]);
});

browserTest("a slider takes a channel over and gives it back", async () => {
  await using visitor = await visit();
  const { page } = visitor;
  const slider = page.getByTestId("input-demo-dmx-back");
  await eventually("the route owns it", async () =>
    (await text(page, "owner-demo-dmx-back")).includes("motion-light"),
  );

  await slider.focus();
  await slider.fill("0.5");

  await eventually("it is mine", async () =>
    /manual|you|dashboard/i.test(await text(page, "owner-demo-dmx-back")),
  );
  await eventually("the light obeys", async () => Math.abs((await levelOf(page, 2)) - 128) <= 1);
  const node = await hub.node("demo");
  expect(node?.owners["dmx/back"]).toMatchObject({ kind: "manual", by: "dashboard" });

  await page.getByTestId("give-back-demo-dmx-back").click();

  await eventually("the route has it again", async () =>
    (await text(page, "owner-demo-dmx-back")).includes("motion-light"),
  );
  await eventually("the light follows the route", async () => [26, 204].includes(await levelOf(page, 2)));
  expect(visitor.complaints).toEqual([]);
});

browserTest("any of the 512 channels is taken over and given back", async () => {
  await using visitor = await visit();
  const { page } = visitor;
  expect(await levelOf(page, 7)).toBe(0);

  await page.getByTestId("input-demo-dmx-ch7").fill("200");

  await eventually("the channel obeys", async () => (await levelOf(page, 7)) === 200);
  expect((await hub.node("demo"))?.owners["dmx/ch7"]).toMatchObject({ kind: "manual", by: "dashboard" });

  await page.getByTestId("give-back-demo-dmx-ch7").click();

  await eventually("the channel is dark again", async () => (await levelOf(page, 7)) === 0);
  expect(visitor.complaints).toEqual([]);
});

browserTest(
  "a universe is called by both its numbers, and a cue list that stands still is seen",
  async () => {
    await using visitor = await visit();
    const { page } = visitor;
    const isSaid = (name: string, words: string) =>
      eventually(words, async () => (await text(page, `universe-demo-dmx-${name}`)) === words);
    const play = async (input: string): Promise<void> => {
      await page.getByTestId(`input-demo-dmx-${input}`).fill("show");
      await page.getByTestId(`input-demo-dmx-${input}`).press("Enter");
    };

    await isSaid("number", "universe 1 (Art-Net 0:0:0, port address 0)");
    await play("cue-go");
    await isSaid("cue", "cue show/open");
    await play("cue-pause");
    await isSaid("cue", "cue show/open, paused");
    await page.screenshot({ path: join(artifacts, "dashboard-wide-paused.png"), fullPage: true });
    await play("cue-resume");
    await isSaid("cue", "cue show/open");
    await play("cue-release");
    await isSaid("cue", "");
    expect(visitor.complaints).toEqual([]);
  },
);

browserTest("one press stops the show, every screen says so, and only a held press releases it", async () => {
  await using visitor = await visit(phone);
  const { page } = visitor;
  expect(await page.getByTestId("stop-banner").count()).toBe(0);

  await page.getByTestId("stop").click();

  const banner = page.getByTestId("stop-banner");
  await banner.getByText("all · by dashboard").waitFor();
  await banner.getByText("1 of 1 nodes stopped").waitFor();
  expect((await hub.node("demo"))?.stop?.latches).toMatchObject([{ zone: "all", by: "dashboard" }]);
  await page.screenshot({ path: join(artifacts, "dashboard-phone-stopped.png") });
  for (const screen of ["Values", "Inputs", "Universe"]) {
    await page.getByRole("navigation").getByText(screen).click();
    expect(await banner.isVisible()).toBe(true);
  }
  await page.setViewportSize(wide);
  await page.screenshot({ path: join(artifacts, "dashboard-wide-stopped.png") });

  await page.getByTestId("release-all").click();
  await page.waitForTimeout(1500);
  expect(await banner.isVisible()).toBe(true);
  await page.getByTestId("release-all").click({ delay: 1200 });

  await banner.waitFor({ state: "detached" });
  await eventually("the node is free", async () => (await hub.node("demo"))?.stop === undefined);
  expect(visitor.complaints).toEqual([]);
});

for (const [name, viewport, scheme] of [
  ["wide-dark", wide, "dark"],
  ["wide-light", wide, "light"],
  ["phone-dark", phone, "dark"],
  ["phone-light", phone, "light"],
] as const) {
  browserTest(`it can be looked at: ${name}`, async () => {
    await using visitor = await visit(viewport, scheme);
    await visitor.page.waitForTimeout(3000);

    const path = join(artifacts, `dashboard-${name}.png`);
    await visitor.page.screenshot({ path, fullPage: true });

    expect((await readFile(path)).length).toBeGreaterThan(20_000);
    if (viewport === phone) await photographScreens(visitor.page, name);
    const isScrolledSideways = await visitor.page.evaluate(
      () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
    );
    expect(isScrolledSideways).toBe(false);
    expect(visitor.complaints).toEqual([]);
  });
}

/** On a phone one screen is shown at a time. */
async function photographScreens(page: Page, name: string): Promise<void> {
  for (const screen of ["Values", "Inputs", "Universe"]) {
    await page.getByRole("navigation").getByText(screen).click();
    await page.waitForTimeout(300);
    await page.screenshot({ path: join(artifacts, `dashboard-${name}-${screen.toLowerCase()}.png`) });
  }
}

browserTest("a node and a hub that fall silent are shown as lost within 5 s, and come back", async () => {
  await using visitor = await visit();
  const { page } = visitor;
  await using second = await startAgent({ node: "second", hub: hub.mqtt, instances: {} });
  await eventually(
    "the second node is shown",
    async () => (await text(page, "node-second-state")) === "ready",
  );

  second.process.kill("SIGSTOP");
  await eventually(
    "the page says lost",
    async () => (await text(page, "node-second-state")) === "lost",
    5000,
  );
  second.process.kill("SIGCONT");
  await eventually(
    "and ready again",
    async () => (await text(page, "node-second-state")) === "ready",
    20_000,
  );

  hub.process.kill("SIGSTOP");
  await eventually(
    "the page says hub lost",
    async () => (await text(page, "hub-state")).includes("lost"),
    5000,
  );
  hub.process.kill("SIGCONT");
  await eventually(
    "and connected again",
    async () => (await text(page, "hub-state")) === "connected",
    20_000,
  );
  await eventually("nodes too", async () => (await text(page, "node-demo-state")) === "ready", 20_000);
});

browserTest("a way out that is away is seen at its universe, at its instance and at its node", async () => {
  await using visitor = await visit();
  const { page } = visitor;
  const sacn = { to: ["127.0.0.1"], interface: "127.0.0.1" };
  const stage = { module: "dmx", settings: { universe: 9, sacn, usb: { serial: "NO-SUCH-WIDGET" } } };
  await using _agent = await startAgent({ node: "side", hub: hub.mqtt, instances: { stage } });
  const isSaid = (id: string, words: string) =>
    eventually(words, async () => (await text(page, id)).startsWith(words));
  const problem = "USB: no USB device with serial number NO-SUCH-WIDGET is plugged in";

  await page.getByTestId("node-side").waitFor();
  await isSaid("node-side-state", "degraded");
  await isSaid("node-side-reasons", `stage is degraded: ${problem}`);
  await isSaid("instance-side-stage-state", `degraded: ${problem}`);
  await isSaid("universe-side-stage-ways", `sACN: 1 address · ${problem}`);
  expect(visitor.complaints).toEqual([]);
});
