// A press on the dashboard that nobody obeys must say so: over a line that is dead, to a hub that hangs.

import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { mkdir, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { nodesResponse } from "@interactor/shared/wire/api";
import { openDeadLine } from "./dead-line.ts";
import { eventually, type HubProgram, startAgent, startHub } from "./programs.ts";
import { requires } from "./requires.ts";

const browserTest = requires("chromium");
const things = new AsyncDisposableStack();
let browser: Browser;

beforeAll(async () => {
  browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"],
  });
  things.defer(() => browser.close());
}, 60_000);

afterAll(() => things.disposeAsync());

async function visit(url: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
  await page.goto(url);
  await page.getByTestId("hub-state").getByText("connected", { exact: true }).waitFor();
  return page;
}

async function latchesOf(hub: HubProgram): Promise<readonly string[]> {
  const { stop } = nodesResponse.parse(JSON.parse((await hub.get("/api/v1/nodes")).text));
  return (stop?.latches ?? []).map(({ zone, by }) => `${zone} by ${by}`);
}

browserTest(
  "a press over a dead line says that nothing is confirmed, and stops when the line is back",
  async () => {
    await using hub = await startHub();
    await using line = await openDeadLine(hub.http);
    const page = await visit(line.url);
    line.die();

    await page.getByTestId("stop").click();

    await page.getByTestId("stop-notice").getByText("STOP: sending…").waitFor({ timeout: 900 });
    await page
      .getByTestId("stop-notice")
      .getByText("NOT CONFIRMED: use the wired emergency stop")
      .waitFor({ timeout: 3000 });
    // Until the page has given the connection up: what was on its way there is lost.
    await page.getByTestId("hub-state").getByText("hub lost").waitFor({ timeout: 8000 });
    await page.waitForTimeout(3000);
    expect(await latchesOf(hub)).toEqual([]);
    line.heal();

    await page.getByTestId("stop-banner").getByText("all · by dashboard").waitFor({ timeout: 15_000 });
    await page.getByTestId("stop-notice").waitFor({ state: "detached" });
    expect(await latchesOf(hub)).toEqual(["all by dashboard"]);

    line.die();
    await page.getByTestId("release-all").click({ delay: 1200 });
    await page.getByTestId("releasing-all").getByText("NOT CONFIRMED").waitFor({ timeout: 3000 });
    line.heal();
    await page.getByTestId("stop-banner").waitFor({ state: "detached", timeout: 15_000 });
    expect(await latchesOf(hub)).toEqual([]);
    await page.context().close();
  },
);

browserTest("a press that meets a hub that hangs says so until the hub has obeyed", async () => {
  await using hub = await startHub();
  const page = await visit(hub.http);

  await hub.signal("SIGSTOP");
  await page.getByTestId("stop").click();

  const notice = page.getByTestId("stop-notice");
  await notice.getByText("NOT CONFIRMED: use the wired emergency stop").waitFor({ timeout: 3000 });
  await hub.signal("SIGCONT");
  await page.getByTestId("stop-banner").getByText("all · by dashboard").waitFor({ timeout: 15_000 });
  await notice.waitFor({ state: "detached" });
  await eventually("one press is one latch", async () => (await latchesOf(hub)).length === 1);
  await page.context().close();
});

browserTest("what the hub cannot keep stands in the header until it can", async () => {
  await using hub = await startHub();
  const page = await visit(hub.http);
  const problems = page.getByTestId("hub-problems");
  expect(await problems.count()).toBe(0);
  // Where the draft would be written stands a folder.
  const draft = join(hub.data, "stop.cbor.new");
  await mkdir(draft);

  await page.getByTestId("stop").click();

  await problems.getByText("could not be kept on disk").waitFor({ timeout: 5000 });
  await rmdir(draft);
  await problems.waitFor({ state: "detached", timeout: 10_000 });
  await page.context().close();
});

browserTest(
  "the button names what it stops, and stops everything again after a press in a zone",
  async () => {
    await using hub = await startHub();
    await using _agent = await startAgent({
      node: "a",
      hub: hub.mqtt,
      zones: ["z1", "z2", "z3", "z4", "z5"],
    });
    const page = await visit(hub.http);
    const button = page.getByTestId("stop");
    await page.getByTestId("stop-zone").waitFor();
    expect(await button.textContent()).toBe("STOP ALL");

    for (const zone of ["z1", "z2", "z3", "z4", "z5"]) {
      await page.getByTestId("stop-zone").selectOption(zone);
      expect(await button.textContent()).toBe(`STOP ${zone}`);
      await button.click();
      await page.getByTestId(`release-${zone}`).waitFor({ state: "attached" });
      expect(await button.textContent()).toBe("STOP ALL");
    }

    await page.getByTestId("release-z5").click({ delay: 1200 });
    await page.getByTestId("release-z5").waitFor({ state: "detached" });
    expect(await latchesOf(hub)).toHaveLength(4);
    await page.context().close();
  },
);
