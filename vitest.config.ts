import { defineConfig } from "vitest/config";

// Three projects, because they bear different company. `unit` is everything that decides by itself. `e2e` starts real
// programs, which wait for the most part: two files at a time. `measured` looks at times, rates and memory of real
// programs: one file after the other, after the rest.

/** Two, also on a machine of two cores, where one would be the default. */
const sideBySide = 2;
const measured = [
  "test/e2e/{delivery,hostile,network,sandbox,spool}/**/*.test.ts",
  "test/e2e/apply/cold-start.test.ts",
  "test/e2e/{clock,feed,fleet,path,presence,show-stop,show-stop-flood}.test.ts",
];

const ofPrograms = {
  // Tests that may run side by side wait for the most part.
  maxConcurrency: 20,
  // Real programs on a machine that others use too. Which test needed it is told, and more than a few fail the run:
  // test/test-report.ts.
  retry: 1,
  testTimeout: 60_000,
  hookTimeout: 60_000,
};

export default defineConfig({
  test: {
    pool: "forks",
    passWithNoTests: false,
    // What is waited for comes within a second on a machine that nobody else uses.
    expect: { poll: { timeout: 20_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["**/*.test.ts", "**/*.test.tsx"],
          exclude: ["**/node_modules/**", "dist/**", "test/e2e/**"],
          // The longest takes 10 s on a machine that nobody else uses.
          testTimeout: 60_000,
          maxWorkers: sideBySide,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          exclude: ["**/node_modules/**", ...measured],
          ...ofPrograms,
          maxWorkers: sideBySide,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "measured",
          include: measured,
          ...ofPrograms,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
