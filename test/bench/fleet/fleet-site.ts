// A site of the fleet's nodes, each with one instance whose settings stand in one line of the file.

export const fleetSite = (nodes: number, seed: number): string => {
  const names = Array.from({ length: nodes }, (_, index) => `n${String(index).padStart(3, "0")}`);
  const node = (name: string): string => `  ${name}:
    groups: [all]
    instances:
      show: { module: simulated, settings: { seed: "\${seed}" } }
`;
  return `site: demo
variables:
  seed: ${seed}
nodes:
${names.map(node).join("")}`;
};
