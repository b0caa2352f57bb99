// What is switched for the whole stage or by a scene: the page shows it for as long as it is so, and switches it off again.

import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { cliBundle } from "./demo-process.ts";
import { Light } from "./light.ts";
import { type AgentProgram, eventually, type HubProgram, startAgent, startHub } from "./programs.ts";
import { requires } from "./requires.ts";
import { SiteClient } from "./site/site-client.ts";

/** Not committed: to be looked at. */
const artifacts = join(import.meta.dirname, "../artifacts");
const browserTest = requires("chromium");
const things = new AsyncDisposableStack();
/** Longer than a control shows what it sent before it follows its input again. */
const muchLater = 1500;

let browser: Browser;
let hub: HubProgram;
let light: Light;
let agent: AgentProgram;

const siteText = (port: number, remember: string): string => `site: demo
nodes:
  hall:
    instances:
      stage:
        module: dmx
        settings: { universe: 1, sacn: { to: [127.0.0.1], port: ${port} }, remember: ${remember} }
        failsafe: hold
        background: { ch1: 100 }
      logic:
        module: statechart
        settings: { inputs: { bell: { type: bool } }, outputs: {}, initial: a, states: { a: {} } }
scenes:
  night: { hall/stage/ch2: 20 }
`;

beforeAll(async () => {
  await mkdir(artifacts, { recursive: true });
  light = things.use(await Light.open());
  hub = things.use(await startHub());
  agent = things.use(await startAgent({ node: "hall", hub: hub.mqtt, instances: {} }));
  await eventually("the hall is there", async () => (await hub.node("hall"))?.state === "ready");
  const site = new SiteClient(hub.http);
  await site.until(await site.apply(siteText(light.port, join(agent.data, "look"))), "complete");
  browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"],
  });
  things.defer(() => browser.close());
}, 60_000);

afterAll(() => things.disposeAsync());

async function visit(): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(hub.http);
  await page.getByTestId("input-hall-stage-blackout").waitFor();
  return page;
}

const why = async (input: string): Promise<string> => {
  const words = [cliBundle, "why", input, "--hub", hub.http];
  return (await promisify(execFile)(process.execPath, words)).stdout;
};

const shows = (channel: number, level: number): Promise<unknown> =>
  eventually(`channel ${channel} is at ${level}`, () => light.level(channel) === level);

/** How the switch of an input stands, what is written beside it, and whose it is. */
async function lineOf(page: Page, input: string): Promise<readonly (string | null)[]> {
  return Promise.all([
    page.getByTestId(`input-hall-${input}`).getAttribute("aria-checked"),
    page.getByTestId(`holds-hall-${input}`).textContent(),
    page.getByTestId(`owner-hall-${input}`).textContent(),
  ]);
}

const stands = (page: Page, input: string, ...line: readonly string[]): Promise<unknown> =>
  eventually(
    `${input} is ${line.join(", ")}`,
    async () => (await lineOf(page, input)).join() === line.join(),
  );

browserTest("a blackout is shown for as long as it is dark, and the same switch ends it", async () => {
  await using page = await visit();
  await shows(1, 100);
  await stands(page, "stage-blackout", "false", "off", "at rest");

  await page.getByTestId("input-hall-stage-blackout").click();
  await shows(1, 0);
  await page.waitForTimeout(muchLater);

  expect(await lineOf(page, "stage-blackout")).toEqual(["true", "on", "manual · dashboard"]);
  expect(await why("hall/stage/blackout")).toMatch(
    /^hall\/stage\/blackout = true\nowner +manual by dashboard\n/,
  );
  await page.screenshot({ path: join(artifacts, "dashboard-blackout.png"), fullPage: true });
  // Whoever comes later sees it too.
  await using other = await visit();
  await stands(other, "stage-blackout", "true", "on", "manual · dashboard");
  await other.getByTestId("input-hall-stage-blackout").click();

  await shows(1, 100);
  await stands(page, "stage-blackout", "false", "off", "at rest");
  expect(await why("hall/stage/blackout")).toContain("nobody: it is at rest, which is false");
});

for (const [what, input, channel, lit, rest] of [
  ["a blackout", "stage-blackout", 1, 0, 100],
  ["a scene", "scene-night", 2, 20, 0],
] as const)
  browserTest(`${what} lasts while its button is pressed, however long, and no longer`, async () => {
    await using page = await visit();
    await shows(channel, rest);

    await page.getByTestId(`press-hall-${input}`).hover();
    await page.mouse.down();
    await shows(channel, lit);
    await page.waitForTimeout(muchLater);
    expect([light.level(channel), ...(await lineOf(page, input))]).toEqual([
      lit,
      "true",
      "on",
      "manual · dashboard",
    ]);
    await page.mouse.up();

    await shows(channel, rest);
    await stands(page, input, "false", "off", "at rest");
  });

browserTest("a scene is shown for as long as it is on, and the same switch lets it go", async () => {
  await using page = await visit();
  await stands(page, "scene-night", "false", "off", "at rest");

  await page.getByTestId("input-hall-scene-night").click();
  await shows(2, 20);
  await page.waitForTimeout(muchLater);
  expect(await lineOf(page, "scene-night")).toEqual(["true", "on", "manual · dashboard"]);
  await page.getByTestId("input-hall-scene-night").click();

  await shows(2, 0);
  await stands(page, "scene-night", "false", "off", "at rest");
});

browserTest(
  "a master stands where the light is, from the beginning, and goes there when given back",
  async () => {
    await using page = await visit();
    const slider = page.getByTestId("input-hall-stage-grand-master");
    const stood = (level: string) =>
      eventually(`the master is at ${level}`, async () => (await slider.inputValue()) === level);
    await stood("1");

    await slider.fill("0.4");
    await shows(1, 40);
    await page.waitForTimeout(muchLater);
    expect(await slider.inputValue()).toBe("0.4");
    await page.getByTestId("give-back-hall-stage-grand-master").click();

    await shows(1, 100);
    await stood("1");
  },
);

browserTest("what happens and is not kept has no switch that would tell otherwise", async () => {
  await using page = await visit();

  expect(await page.getByTestId("say-on-hall-logic-bell").isEnabled()).toBe(true);
  expect(await page.getByTestId("say-off-hall-logic-bell").isEnabled()).toBe(true);
  expect(await page.getByTestId("press-hall-logic-bell").count()).toBe(0);
});

browserTest("a blackout that outlives its agent is shown, and can be ended", async () => {
  await using page = await visit();
  await page.getByTestId("input-hall-stage-blackout").click();
  await shows(1, 0);
  // It is kept four times a second.
  await page.waitForTimeout(600);

  await agent.signal("SIGKILL");
  const { data } = agent;
  await using _again = await startAgent({ node: "hall", hub: hub.mqtt, data });

  await stands(page, "stage-blackout", "true", "on", "background · the module's memory");
  await page.waitForTimeout(muchLater);
  expect(light.level(1)).toBe(0);
  await page.getByTestId("input-hall-stage-blackout").click();

  await shows(1, 100);
  await stands(page, "stage-blackout", "false", "off", "at rest");
});
