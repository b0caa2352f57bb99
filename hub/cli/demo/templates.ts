/** What a first demo starts with, and what is missing beside the files of an earlier one. All of it is the user's from then on. */
import { siteExample } from "@interactor/shared/site/site-example";

/** The head of the example speaks to somebody who has no demo. */
const exampleHead = /^(#.*\n)+\n/;

const demoHead = `# yaml-language-server: $schema=./site.schema.json
#
# The demo, described once: edit it, and see what that would change; then apply it while the demo runs.
#
#   npx interactor config plan
#   npx interactor config apply -m "what it is for"
#   npx interactor config rollback 1

`;

/** The example of `config init`, in a mode in which a change takes effect at once. */
export const siteTemplate = siteExample
  .replace(exampleHead, demoHead)
  .replace(/^mode: closed$/m, "mode: maintenance");

export const routesTemplate = `# Each route takes a value from an output to an input. Save this file and the running demo takes it over;
# what is wrong with it is said with line and column, and the routes that ran go on.
#
#   name      unique, for people
#   from      node/instance/output    \`interactor nodes\` and \`interactor tap '#'\` show what there is
#   to        node/instance/input
#   map       what becomes of the value, in CEL: value, unit, quality; round, min, max, scale, clamp …
#   when      only while this is true, such as "value > 0.5"
#   throttle  at most one value in this time, such as 50ms
#   ttl       how long a value is worth delivering, such as 2s
#   lane      critical, control, telemetry (default) or bulk

routes:
  # Near is bright: 4 m away is dark, 0.3 m away is full.
  - name: approach
    from: demo/sim/distance
    to: demo/dmx/front
    map: scale(value, 0.3, 4, 1, 0)

  # An expression with ": " or "? " stands in quotes.
  - name: motion-light
    from: demo/sim/motion
    to: demo/dmx/back
    map: "value ? 0.8 : 0.1"
`;

/** Read when the agent starts. JSON has no comments; the modules' README files explain the settings. */
export const nodeTemplate = `${JSON.stringify(
  {
    instances: {
      host: { module: "host" },
      sim: { module: "simulated", settings: { visitorsPerHour: 120 } },
      dmx: {
        module: "dmx",
        settings: {
          universe: 1,
          sacn: { to: ["127.0.0.1"] },
          artnet: { to: ["127.0.0.1"] },
          dimmers: {
            front: { channel: 1, label: "Front" },
            back: { channel: 2, label: "Back" },
            warm: { channel: 3, label: "Warm white" },
            cool: { channel: 4, label: "Cool white" },
          },
        },
      },
    },
  },
  undefined,
  2,
)}\n`;
