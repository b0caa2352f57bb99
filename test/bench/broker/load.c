/*
 * Puts load on an MQTT 3.1.1 broker and prints one line of JSON: what was delivered, how fast, how late, and what
 * CPU time it took of the broker and of this program. One thread and one epoll, because a generator that is not
 * several times cheaper than what it measures measures itself: compare with its `relay` mode.
 *
 *   gcc -O2 -o load load.c && ./load fan-in --port 1883 --pid $(pidof mosquitto) --qos 1
 *
 * Everything it measures is in load/: packets.h (bytes), client.h (sockets), flow.h and run.h (messages),
 * ingest.h, stall.h, connections.h, relay.h.
 */
#define _GNU_SOURCE

#include <sys/resource.h>

#include "load/connections.h"
#include "load/ingest.h"
#include "load/relay.h"
#include "load/run.h"
#include "load/stall.h"

static void run_fan_in(void) { run_flow(FAN_IN); }
static void run_pairs(void) { run_flow(PAIRS); }
static void run_fan_out(void) { run_flow(FAN_OUT); }
static void run_wildcards(void) { run_flow(WILDCARDS); }

static const struct {
  const char *name;
  void (*run)(void);
} modes[] = {
    {"fan-in", run_fan_in},       {"pairs", run_pairs}, {"fan-out", run_fan_out},
    {"wildcards", run_wildcards}, {"ingest", run_ingest}, {"stall", run_stall},
    {"connections", run_connections}, {"storm", run_storm}, {"relay", run_relay},
};

/* As many sockets as we are allowed; what is missing then shows when one cannot be opened. */
static void allow_many_sockets(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int count, char **texts) {
  if (count == 2 && strcmp(texts[1], "--help") == 0) return fputs(usage, stdout) < 0;
  read_options(count, texts);
  if (options.port == 0 && strcmp(options.mode, "relay") != 0) fail(BAD_USAGE, "--port is needed; see load --help");
  allow_many_sockets();
  for (size_t index = 0; index < sizeof modes / sizeof modes[0]; index++) {
    if (strcmp(modes[index].name, options.mode) != 0) continue;
    modes[index].run();
    return 0;
  }
  fail(BAD_USAGE, "no mode %s; see load --help", options.mode);
}
