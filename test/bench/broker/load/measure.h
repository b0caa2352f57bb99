/*
 * What is measured: time, the CPU and memory of two processes, and how latencies spread.
 */
#pragma once

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>

/* How a run ends when it does not end well. What was wrong stands on stderr. */
enum ending { BAD_USAGE = 2, CANNOT_CONNECT = 3, PEER_CLOSED = 4, TOO_LATE = 5, NOT_AS_IT_SHOULD = 6 };

#define fail(ending, ...) \
  do { \
    fprintf(stderr, "load: " __VA_ARGS__); \
    fputc('\n', stderr); \
    exit(ending); \
  } while (0)

#define NANOS_PER_SECOND 1000000000ull

static double seconds_of(uint64_t nanos) { return (double)nanos / NANOS_PER_SECOND; }

static uint64_t nanos_on(clockid_t clock) {
  struct timespec time;
  if (clock_gettime(clock, &time) < 0) return 0;
  return (uint64_t)time.tv_sec * NANOS_PER_SECOND + (uint64_t)time.tv_nsec;
}

static uint64_t now(void) { return nanos_on(CLOCK_MONOTONIC); }

/* The CPU time of all threads of this program so far. */
static uint64_t own_cpu(void) { return nanos_on(CLOCK_PROCESS_CPUTIME_ID); }

/* The same of another process, in nanoseconds: what /proc/<pid>/stat counts in steps of 10 ms. 0: no process. */
static uint64_t cpu_of(pid_t pid) {
  clockid_t clock;
  if (pid == 0) return 0;
  if (clock_getcpuclockid(pid, &clock) != 0) fail(PEER_CLOSED, "the broker, process %d, is gone", pid);
  return nanos_on(clock);
}

/* Resident memory in kB of 1024 bytes. */
static long memory_of(pid_t pid) {
  char path[64], line[256];
  long kilobytes = 0;
  if (pid == 0) return 0;
  snprintf(path, sizeof path, "/proc/%d/status", pid);
  FILE *status = fopen(path, "r");
  if (status == NULL) fail(PEER_CLOSED, "the broker, process %d, is gone", pid);
  while (fgets(line, sizeof line, status) != NULL)
    if (sscanf(line, "VmRSS: %ld", &kilobytes) == 1) break;
  fclose(status);
  return kilobytes;
}

/* Latencies, counted in steps that are at most 1/64 of the value. */
#define STEPS_PER_DOUBLING 64
#define STEPS (60 * STEPS_PER_DOUBLING)

struct histogram {
  uint64_t counts[STEPS];
  uint64_t total;
};

static void note(struct histogram *histogram, uint64_t nanos) {
  uint64_t step = nanos;
  if (nanos >= STEPS_PER_DOUBLING) {
    int doublings = 63 - __builtin_clzll(nanos) - 6;
    step = (uint64_t)(doublings + 1) * STEPS_PER_DOUBLING + ((nanos >> doublings) & (STEPS_PER_DOUBLING - 1));
  }
  histogram->counts[step < STEPS ? step : STEPS - 1]++;
  histogram->total++;
}

static double micros_at(int step) {
  if (step < STEPS_PER_DOUBLING) return step / 1e3;
  int doublings = step / STEPS_PER_DOUBLING - 1;
  return (double)((uint64_t)(STEPS_PER_DOUBLING + step % STEPS_PER_DOUBLING) << doublings) / 1e3;
}

/* The smallest latency in µs that `share` of all (0 to 1) do not exceed. */
static double percentile(const struct histogram *histogram, double share) {
  uint64_t wanted = (uint64_t)((double)histogram->total * share), seen = 0;
  if (wanted > 0) wanted--;
  for (int step = 0; step < STEPS; step++) {
    seen += histogram->counts[step];
    if (seen > wanted) return micros_at(step);
  }
  return 0;
}
