/** A site as large as one may be, for tests and benches of how long it takes: text that a site file has. */

const channels = 512;

const nodeText = (index: number): string => `  n${index}:
    groups: [all-nodes]
    instances:
      sim: { module: simulated }
      dmx: { module: dmx, settings: { universe: ${index + 1}, sacn: {} }, failsafe: hold 5s -> fade 3s -> 0 }
`;

/** Five in six stay on their node. */
function routeText(index: number, nodes: number): string {
  const from = index % nodes;
  const to = index % 6 === 0 ? (from + 7) % nodes : from;
  return `  - name: r${index}
    from: n${from}/sim/distance
    to: n${to}/dmx/ch${1 + (index % channels)}
    when: value > ${(index % 40) / 10}
    map: scale(value, 0, ${1 + (index % 50)}, 0, 255)
`;
}

export function largeSite({ nodes, routes }: { readonly nodes: number; readonly routes: number }): string {
  const lines = (count: number, text: (index: number) => string): string =>
    Array.from({ length: count }, (_, index) => text(index)).join("");
  return `nodes:\n${lines(nodes, nodeText)}routes:\n${lines(routes, (index) => routeText(index, nodes))}`;
}
