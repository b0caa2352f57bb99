// A universe as an operator sees it in a dark room: what keeps it dark, who shows on a channel, and its cues by thumb.

import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { artDmxPacket, writeArtDmx } from "@interactor/agent/modules/dmx/artnet.ts";
import { cliBundle } from "./demo-process.ts";
import { freePort } from "./free-port.ts";
import { Light } from "./light.ts";
import { eventually, type HubProgram, startAgent, startHub } from "./programs.ts";
import { requires } from "./requires.ts";
import { untilRunning } from "./room.ts";

/** Not committed: to be looked at. */
const artifacts = join(import.meta.dirname, "../artifacts");
const browserTest = requires("chromium");
const things = new AsyncDisposableStack();
let browser: Browser;
let hub: HubProgram;
let light: Light;
let desk: Desk;

const wide = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };

beforeAll(async () => {
  await mkdir(artifacts, { recursive: true });
  light = things.use(await Light.open());
  const [artnetPort, sacnPort] = [await freePort(), await freePort()];
  hub = things.use(await startHub());
  const loopback = { to: ["127.0.0.1"] };
  const cues = [
    { name: "open", levels: { ch20: 99 } },
    { name: "storm", levels: { ch20: 255 }, fade: "1m" },
    { name: "close", levels: { ch20: 5 } },
  ];
  const instances = {
    stage: {
      module: "dmx",
      settings: {
        universe: 1,
        sacn: { ...loopback, port: light.port },
        dimmers: { wash: { channel: 10 }, spot: { channel: 11 } },
        cueLists: { show: { cues } },
        receive: {
          merge: true,
          artnet: { port: artnetPort, interface: "127.0.0.1", priority: 150, timeout: "1m" },
          sacn: { port: sacnPort, interface: "127.0.0.1" },
        },
        failsafe: { hold: "5s" },
      },
    },
    // A second source, as a console beside it is.
    console: {
      module: "dmx",
      settings: {
        universe: 1,
        sacn: { ...loopback, port: sacnPort, sourceName: "Front of house", priority: 90 },
      },
    },
  };
  things.use(await startAgent({ node: "pi", hub: hub.mqtt, instances }));
  await untilRunning(hub, "pi");
  desk = things.use(await Desk.open(artnetPort));
  browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"],
  });
  things.defer(() => browser.close());
}, 60_000);

afterAll(() => things.disposeAsync());

/** A lighting desk that speaks Art-Net from an address of its own. */
class Desk implements AsyncDisposable {
  static readonly address = "127.0.0.9";
  readonly #socket = createSocket("udp4");
  #sequence = 0;

  static async open(port: number): Promise<Desk> {
    const desk = new Desk(port);
    desk.#socket.bind(0, Desk.address);
    await once(desk.#socket, "listening");
    return desk;
  }

  readonly #port: number;

  private constructor(port: number) {
    this.#port = port;
  }

  show(channel: number, level: number): void {
    const packet = artDmxPacket(0);
    const levels = new Uint8Array(512);
    levels[channel - 1] = level;
    this.#sequence += 1;
    writeArtDmx(packet, { sequence: this.#sequence, levels });
    this.#socket.send(packet, this.#port, "127.0.0.1");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket.close(() => resolve());
    await promise;
  }
}

const run = promisify(execFile);

async function interactor(...args: readonly string[]): Promise<string> {
  const env = { ...process.env, INTERACTOR_HUB: hub.http, NO_COLOR: "1" };
  return (await run(process.execPath, [cliBundle, ...args], { env })).stdout;
}

interface Visit extends AsyncDisposable {
  readonly page: Page;
}

async function visit(viewport: typeof wide): Promise<Visit> {
  const isPhone = viewport === phone;
  const context = await browser.newContext({
    viewport,
    colorScheme: "dark",
    reducedMotion: "reduce",
    hasTouch: isPhone,
    isMobile: isPhone,
  });
  const page = await context.newPage();
  await page.goto(hub.http);
  await page.getByTestId("hub-state").getByText("connected").waitFor();
  if (isPhone) await page.getByRole("navigation").getByText("Universe").click();
  await page.getByTestId("universe-pi-stage").waitFor();
  return { page, [Symbol.asyncDispose]: () => context.close() };
}

const text = async (page: Page, testId: string): Promise<string> =>
  (await page.getByTestId(testId).textContent()) ?? "";

const says = (page: Page, testId: string, words: string | RegExp): Promise<unknown> =>
  eventually(`${testId} says ${words}`, async () => {
    const said = await text(page, testId);
    return typeof words === "string" ? said === words : words.test(said);
  });

browserTest(
  "a blackout and a master that is down are seen, in the dark too, until they are over",
  async () => {
    await using visitor = await visit(phone);
    const { page } = visitor;
    expect(await text(page, "universe-pi-stage-dimmed")).toBe("");

    await interactor("set", "pi/stage/blackout", "true");
    await says(page, "universe-pi-stage-dimmed", "BLACKOUT");
    await interactor("set", "pi/stage/grand-master", "0.4");
    await says(page, "universe-pi-stage-dimmed", "BLACKOUTmaster 40\u00a0%");
    await page.waitForTimeout(1500);
    expect(await text(page, "universe-pi-stage-dimmed")).toBe("BLACKOUTmaster 40\u00a0%");
    await page.screenshot({ path: join(artifacts, "universe-phone-blackout.png") });
    await page.getByRole("navigation").getByText("Values").click();
    await says(page, "blackout-banner", "BLACKOUT pi/stage");
    await page.screenshot({ path: join(artifacts, "universe-phone-blackout-elsewhere.png") });
    await page.setViewportSize(wide);
    await page.screenshot({ path: join(artifacts, "universe-wide-blackout.png") });
    expect(await interactor("why", "pi/stage/wash")).toContain("dimmed   by BLACKOUT\ndimmed   by master 40");

    await interactor("set", "pi/stage/blackout", "false");
    await says(page, "universe-pi-stage-dimmed", "master 40\u00a0%");
    expect(await page.getByTestId("blackout-banner").count()).toBe(0);
    await interactor("set", "pi/stage/grand-master", "1");
    await says(page, "universe-pi-stage-dimmed", "");
  },
);

browserTest("a cue list is played with thumbs, and says what is on and what comes", async () => {
  await using visitor = await visit(phone);
  const { page } = visitor;
  const words = "cues-pi-stage-show";
  const press = (what: string) => page.getByTestId(`cue-${what}-pi-stage-show`).tap();
  const isEnabled = (what: string) => page.getByTestId(`cue-${what}-pi-stage-show`).isEnabled();
  await says(page, words, "showoffnext open");
  expect([await isEnabled("back"), await isEnabled("pause"), await isEnabled("release")]).toEqual([
    false,
    false,
    false,
  ]);
  for (const each of ["go", "back", "pause", "release"]) {
    const box = await page.getByTestId(`cue-${each}-pi-stage-show`).boundingBox();
    expect(Math.min(box?.height ?? 0, box?.width ?? 0)).toBeGreaterThanOrEqual(56);
  }

  await press("go");
  await says(page, words, "showopennext storm");
  await eventually("it is lit", () => light.level(20) === 99);
  await press("go");
  await says(page, words, "showstormnext close");
  await press("pause");
  await says(page, words, "showstorm pausednext close");
  await page.screenshot({ path: join(artifacts, "universe-phone-cues.png") });
  await page.setViewportSize(wide);
  await page.getByTestId(words).scrollIntoViewIfNeeded();
  await page.screenshot({ path: join(artifacts, "universe-wide-cues.png") });
  await page.setViewportSize(phone);
  await press("resume");
  await says(page, words, "showstormnext close");
  await press("back");
  await says(page, words, "showopennext storm");
  await press("go");
  await press("go");
  await says(page, words, "showcloselast cue");
  expect(await isEnabled("go")).toBe(false);

  // Whoever asks elsewhere is answered here too.
  await interactor("set", "pi/stage/cue-go", "show");
  await says(page, "cues-pi-stage-refused", "not played: show is at its last cue");
  await page.screenshot({ path: join(artifacts, "universe-phone-last-cue.png") });

  await press("release");
  await says(page, words, "showoffnext open");
  expect(await page.getByTestId("cues-pi-stage-refused").count()).toBe(0);
  await eventually("it is dark", () => light.level(20) === 0);
});

browserTest("who shows on a channel is read under the mouse, by a finger and at a terminal", async () => {
  await using visitor = await visit(wide);
  const { page } = visitor;
  await interactor("set", "pi/stage/wash", "1", "--for", "1m");
  await interactor("set", "pi/stage/spot", "1", "--for", "1m");
  desk.show(10, 128);
  const words = "channel 10 · 128 · 50\u00a0% · desk Art-Net 127.0.0.9";

  const canvas = page.getByTestId("universe-pi-stage");
  const { width, height } = (await canvas.boundingBox()) ?? { width: 0, height: 0 };
  await canvas.hover({ position: { x: (width / 64) * 9.5, y: height / 16 } });
  await says(page, "universe-pi-stage-pointed", words);
  await says(page, "universe-pi-stage-desks", /Art-Net 127\.0\.0\.9 · priority 150/);
  await says(
    page,
    "universe-pi-stage-desks",
    /Front of house · 127\.0\.0\.1 · priority 90 · CID [0-9a-f]{32}/,
  );
  await page.screenshot({ path: join(artifacts, "universe-wide-source.png"), fullPage: true });

  await using other = await visit(phone);
  const onPhone = other.page.getByTestId("universe-pi-stage");
  const box = (await onPhone.boundingBox()) ?? { width: 0, height: 0 };
  await onPhone.tap({ position: { x: (box.width / 32) * 9.5, y: box.height / 32 } });
  await says(other.page, "universe-pi-stage-level", words);
  await says(other.page, "universe-pi-stage-chosen", words);
  // Where a thumb tapped it is seen without scrolling, and without a mouse over it.
  const told = await other.page.getByTestId("universe-pi-stage-chosen").boundingBox();
  expect(told?.y).toBeLessThan((await onPhone.boundingBox())?.y ?? 0);
  await other.page.screenshot({ path: join(artifacts, "universe-phone-source.png") });

  const why = await interactor("why", "pi/stage/wash");
  expect(why).toContain("owner    manual");
  expect(why).toContain(`shows    ${words}, and not this input`);
  expect(await interactor("why", "pi/stage/ch10")).toContain(`shows    ${words}\n`);
  const tapped = await interactor("tap", "pi/stage/monitor", "--count", "1");
  expect(tapped).toMatch(/universe 1, 1 of 512 lit · .*desk Art-Net 127\.0\.0\.9: .*10 at 128/);
});

browserTest("another source of the same level is told, though no lamp changes", async () => {
  await using visitor = await visit(wide);
  const { page } = visitor;
  await page.getByTestId("universe-pi-stage-channel").fill("30");
  desk.show(30, 200);
  await says(page, "universe-pi-stage-level", "channel 30 · 200 · 78\u00a0% · desk Art-Net 127.0.0.9");

  await interactor("set", "pi/stage/ch30", "200", "--for", "1m");

  await says(page, "universe-pi-stage-level", "channel 30 · 200 · 78\u00a0% · set by channel");
});
