/** Ids of the modules that every agent has: nobody else can publish under them. Without their declarations, which are large. */
export const builtInNames: ReadonlySet<string> = new Set([
  "bridge",
  "dmx",
  "firmata",
  "gpio",
  "host",
  "i2c",
  "midi",
  "osc",
  "serial",
  "simulated",
  "statechart",
]);
