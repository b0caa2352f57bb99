import { defineConfig } from "vitest/config";

// Two projects, because they bear different company. `unit` is everything that decides by itself: files run side by
// side. `e2e` starts real programs, takes ports and measures times: one file after the other, after the rest.
export default defineConfig({
  test: {
    pool: "forks",
    passWithNoTests: false,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["**/*.test.ts", "**/*.test.tsx"],
          exclude: ["**/node_modules/**", "dist/**", "test/e2e/**"],
          testTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          fileParallelism: false,
          // Tests that may run side by side wait for the most part.
          maxConcurrency: 20,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
