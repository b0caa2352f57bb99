/** What \`interactor config init\` writes. It is valid against the built-in modules, and says what it does. */
export const siteExample = `# yaml-language-server: $schema=./site.schema.json
#
# The installation, described once. \`interactor config check site.yaml\` says what is wrong with it, all at once;
# \`interactor config schema > site.schema.json\` lets an editor help while you write.

site: demo

# More files with the same sections. A name stands in one of them only.
# include: [hall.yaml, cellar/cellar.yaml]

# \${name} in any text. A text that is nothing else takes the value as it is: number, text, true or false.
variables:
  calm: hold 5s -> fade 3s -> scene night
  lights-to: 127.0.0.1

# Where secrets are: env, file or credential (of systemd). Settings say \${secret:name}; the value is looked up on the
# node that uses it, and never stands in this file, in a revision or in a log.
secrets: {}
#  projector: { env: INTERACTOR_SECRET_PROJECTOR }

# What the site can be in, by names of your own. A zone may have its own.
modes:
  closed: { audience: false, updates: true }
  open: { audience: true, updates: false }
  maintenance: { audience: false, updates: true }
mode: closed

# Places; they stand in each other. A show stop can take one of them, with all that is inside.
zones:
  house:
    title: The house
    zones:
      foyer: { title: Foyer }
      hall:

# What visitors use.
exhibits:
  wave: { zone: foyer, title: The wave }

# Computers, by what they are for: which unit fills a node can change.
nodes:
  demo:
    zone: foyer
    groups: [lamps]
    instances:
      # Name it as you like; routes say node/instance/output.
      host:
        module: host
      sim:
        module: simulated
        version: ^0.1.0
        exhibit: wave
        settings: { visitorsPerHour: 120 }
      dmx:
        module: dmx
        settings:
          universe: 1
          sacn: { to: ["\${lights-to}"] }
          artnet: { to: ["\${lights-to}"] }
          dimmers:
            front: { channel: 1, label: Front }
            back: { channel: 2, label: Back }
            warm: { channel: 3, label: Warm white }
            cool: { channel: 4, label: Cool white }
        # What lights do when what they follow is lost: hold the last look, then fade to a level or a scene.
        # Every input that moves or lights something says so, all at once or one by one.
        failsafe:
          front: hold 10s -> fade 5s -> 0.2
          "*": \${calm}
        # What a show stop does, at once. It is not a safety function.
        stop:
          "*": 0

# Sets of nodes, beside those that nodes put themselves in.
groups:
  everything: [demo]

# Each takes a value from an output to an input: when it is true, mapped, and not too often.
routes:
  # Near is bright: 4 m away is dark, 0.3 m away is full.
  - name: approach
    from: demo/sim/distance
    to: demo/dmx/front
    map: scale(value, 0.3, 4, 1, 0)
    throttle: 20ms

  # An expression with ": " or "? " stands in quotes.
  - name: motion-light
    from: demo/sim/motion
    to: demo/dmx/back
    map: "value ? 0.8 : 0.1"

  # To the same input of every node in a group.
  - name: button-wash
    from: demo/sim/button
    to: { group: lamps, input: dmx/warm, strategy: broadcast }
    map: "value ? 1.0 : 0.0"

  # A scene is recalled by true and let go by false; a person's hand and a show stop are above it.
  - name: nobody-here
    from: demo/sim/distance
    through: [debounce: 10m]
    map: value > 3.5
    to: { scene: night }

# Levels that belong together.
scenes:
  night:
    demo/dmx/front: 0.05
    demo/dmx/back: 0
    demo/dmx/warm: 0.1
    demo/dmx/cool: 0
`;
