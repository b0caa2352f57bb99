/** The built dashboard, read once: a few files, served from memory. */
import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";

export interface DashboardFile {
  /** As in the URL. */
  readonly path: string;
  readonly type: string;
  readonly body: Buffer | string;
}

const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".svg": "image/svg+xml",
} as const satisfies Record<string, string>;

/** Where the page finds the site's name. */
const sitePlaceholder = "__SITE__";

export async function loadDashboard(folder: string, site: string): Promise<readonly DashboardFile[]> {
  try {
    const files: DashboardFile[] = [];
    for (const name of await readdir(folder)) {
      const type = Object.entries(types).find(([extension]) => extension === extname(name))?.[1];
      if (type === undefined) continue;
      const body = await readFile(join(folder, name));
      if (name === "index.html")
        files.push({ path: "/", type, body: body.toString().replaceAll(sitePlaceholder, site) });
      else files.push({ path: `/${name}`, type, body });
    }
    return files;
  } catch (error) {
    throw new Fault(
      "DASHBOARD_MISSING",
      `the dashboard is not built: ${messageOf(error)}; run npm run build`,
      { cause: error },
    );
  }
}
