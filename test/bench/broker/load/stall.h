/*
 * Subscribers that stop reading, among others that go on. What matters is what the others get in each second.
 */
#pragma once

#include "run.h"

#define SECONDS_MAX 3600

static uint64_t *per_second; /* of each subscriber, one row a second */
static long memory_by_second[SECONDS_MAX];

static void note_second(int second) {
  memory_by_second[second] = memory_of(options.pid);
  for (int index = 0; index < options.subscribers; index++)
    per_second[second * options.subscribers + index] = subscriber(index)->received;
}

static void ping_stalled(int healthy) {
  /* They keep themselves alive, and learn that they were cut: a peer that is gone answers with a reset. */
  for (int index = healthy; index < options.subscribers; index++) {
    append(subscriber(index), ping, sizeof ping);
    flush(subscriber(index));
  }
}

static uint64_t received_in(int second, int index) {
  uint64_t until = per_second[second * options.subscribers + index];
  return second == 0 ? until : until - per_second[(second - 1) * options.subscribers + index];
}

static void print_stall(uint64_t start, int seconds, int healthy, double cpu) {
  printf("{\"mode\":\"stall\",\"qos\":%d,\"subscribers\":%d,\"stalled\":%d,\"payload\":%ld,\"seconds\":%d", options.qos,
         options.subscribers, options.subscribers - healthy, options.payload, seconds);
  printf(",\"wanted_per_second\":%.3f,\"published\":%" PRIu64, options.rate / options.subscribers, counts.published);
  uint64_t least = UINT64_MAX;
  printf(",\"received\":[");
  for (int index = 0; index < healthy; index++) {
    uint64_t received = subscriber(index)->received;
    if (received < least) least = received;
    printf("%s%" PRIu64, index > 0 ? "," : "", received);
  }
  printf("],\"least_received\":%" PRIu64 ",\"per_second\":[", least);
  for (int index = 0; index < healthy; index++)
    for (int second = 0; second < seconds; second++)
      printf("%s%" PRIu64 "%s", second > 0 ? "," : index > 0 ? ",[" : "[", received_in(second, index),
             second == seconds - 1 ? "]" : "");
  printf("],\"cut_at_s\":[");
  for (int index = healthy; index < options.subscribers; index++) {
    const struct client *client = subscriber(index);
    printf(index > healthy ? "," : "");
    if (client->state == CLOSED) printf("%.3f", seconds_of(client->closed_at - start));
    else printf("null");
  }
  printf("],\"memory_kb\":[");
  for (int second = 0; second < seconds; second++) printf("%s%ld", second > 0 ? "," : "", memory_by_second[second]);
  printf("],\"cpu_s\":%.3f", cpu);
  print_latency("latency", &counts.latency);
  printf(",\"misordered\":%" PRIu64 "}\n", counts.misordered);
}

static void run_stall(void) {
  int healthy = options.subscribers - options.stalled, seconds = (int)options.seconds;
  if (options.rate == 0) options.rate = 10000;
  if (healthy < 1) fail(BAD_USAGE, "stall needs a subscriber that reads: --subscribers above --stalled");
  if (seconds < 1 || seconds > SECONDS_MAX) fail(BAD_USAGE, "stall takes --seconds 1 to %d", SECONDS_MAX);
  open_flow(FAN_OUT);
  per_second = calloc((size_t)seconds * (size_t)options.subscribers, sizeof *per_second);
  for (int index = healthy; index < options.subscribers; index++) subscriber(index)->may_close = true;
  connect_all();
  subscribe_everybody();
  for (int index = healthy; index < options.subscribers; index++) {
    subscriber(index)->never_reads = true;
    watch(subscriber(index), EPOLL_CTL_MOD);
  }
  counts.is_measuring = true;
  uint64_t start = now(), cpu = cpu_of(options.pid);
  for (int second = 0; second < seconds; second++) {
    while (now() < start + (uint64_t)(second + 1) * NANOS_PER_SECOND) go_round(start);
    note_second(second);
    ping_stalled(healthy);
  }
  print_stall(start, seconds, healthy, seconds_of(cpu_of(options.pid) - cpu));
}
