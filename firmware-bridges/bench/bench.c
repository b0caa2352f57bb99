/* Runs firmware for an AVR in simavr, with a pty for its serial line, pins, voltages, a DMX receiver, I2C devices and
 * a bootloader. Commands come on stdin, events go to stdout, a line each; README.md lists them.
 *
 * Simulated time keeps to the wall clock while the machine is fast enough and is never ahead of it; a machine that is
 * too slow makes it lag, so whoever judges by time judges by the stamps in the events. After `step` it moves only while
 * an alarm is set, and then as fast as it can. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <simavr/sim_hex.h>
#include <simavr/sim_time.h>
#include "bench.h"

#define POLL_US 500
/* A lag that will not be made up for: the bench does not run faster than time to catch up. */
#define LAG_US_MAX 100000

avr_t *avr;
static uint64_t wall_start, simulated_start, alarm_at = ~0ull;
static uint8_t is_stepped, was_reset;
static avr_io_t watcher;

uint64_t simulated_us(void) { return avr->cycle * 1000000ull / avr->frequency; }

static uint64_t wall_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void say(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
  putchar('\n');
  fflush(stdout);
}

void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  exit(2);
}

static void no_log(avr_t *chip, const int level, const char *format, va_list arguments) {
  (void)chip, (void)level, (void)format, (void)arguments;
}

static void no_sleep(avr_t *chip, avr_cycle_count_t cycles) { (void)chip, (void)cycles; }

/* Of whatever kind: by pin, watchdog or power. */
static void on_reset(avr_io_t *io) {
  (void)io;
  pins_reset();
  was_reset = 1;
  say("reset %llu", (unsigned long long)simulated_us());
}

void reset_by_pin(void) {
  avr_reset(avr);
  avr_regbit_clear(avr, avr->reset_flags.porf);
  avr_regbit_setto(avr, avr->reset_flags.extrf, 1);
}

/* Loads a hex file into flash and gives its lowest address. */
static uint32_t load(const char *file) {
  ihex_chunk_p chunks = NULL;
  int count = read_ihex_chunks(file, &chunks);
  if (count <= 0) fail("%s is no hex file", file);
  uint32_t lowest = ~0u;
  for (int i = 0; i < count; i++) {
    if (chunks[i].baseaddr + chunks[i].size > avr->flashend + 1) fail("%s does not fit into the chip", file);
    memcpy(avr->flash + chunks[i].baseaddr, chunks[i].data, chunks[i].size);
    if (chunks[i].size > 0 && chunks[i].baseaddr < lowest) lowest = chunks[i].baseaddr;
  }
  free_ihex_chunks(chunks);
  return lowest;
}

/* A power cut and power again: memory is lost, what is in flash stays. */
static void power_cycle(void) {
  avr_reset(avr);
  for (unsigned i = 0x100; i <= avr->ramend; i++) avr->data[i] = (uint8_t)(i * 37);
  avr_regbit_setto(avr, avr->reset_flags.porf, 1);
}

static avr_cycle_count_t on_wake(avr_t *chip, avr_cycle_count_t when, void *param) {
  (void)chip, (void)when, (void)param;
  return 0;
}

void wake_in(avr_cycle_count_t cycles, void *whose) { avr_cycle_timer_register(avr, cycles, on_wake, whose); }

static void set_alarm(uint64_t us) {
  alarm_at = simulated_us() + us;
  wake_in(us * avr->frequency / 1000000, &alarm_at);
}

static void run_i2c(const char *words) {
  unsigned address, reg, value, length = 0;
  int used = 0;
  uint8_t bytes[64];
  if (sscanf(words, "%x %x%n", &address, &reg, &used) != 2) fail("i2c %s", words);
  for (words += used; length < sizeof bytes && sscanf(words, "%x%n", &value, &used) == 1; words += used)
    bytes[length++] = (uint8_t)value;
  i2c_set((uint8_t)address, (uint8_t)reg, bytes, length);
}

static void run_command(const char *line) {
  char port;
  int number;
  unsigned value;
  unsigned long long at;
  if (sscanf(line, "adc %d %u", &number, &value) == 2) adc_drive(number, value);
  else if (sscanf(line, "pin %c%d %u", &port, &number, &value) == 3) pin_drive(port, number, value);
  else if (sscanf(line, "watch %c%d", &port, &number) == 2) pin_watch(port, number, 1);
  else if (!strncmp(line, "i2c ", 4)) run_i2c(line + 4);
  else if (sscanf(line, "i2c-gone %x", &value) == 1) i2c_remove((uint8_t)value);
  else if (sscanf(line, "i2c-hold %u", &value) == 1) i2c_hold(value);
  else if (sscanf(line, "alarm %llu", &at) == 1) set_alarm(at);
  else if (sscanf(line, "feed %llu %n", &at, &number) == 1) dmx_feed(at, line + number);
  else if (!strcmp(line, "now")) say("now %llu", (unsigned long long)simulated_us());
  else if (!strcmp(line, "reset")) reset_by_pin();
  else if (!strcmp(line, "power")) power_cycle();
  else if (!strcmp(line, "cut")) line_cut(1);
  else if (!strcmp(line, "mend")) line_cut(0);
  else if (!strcmp(line, "counts")) line_say_counts();
  else if (!strcmp(line, "step")) is_stepped = 1;
  else fail("what is \"%s\"?", line);
}

static void read_commands(void) {
  /* The longest has 513 bytes in hex. */
  static char line[1100];
  static unsigned length;
  char bytes[512];
  ssize_t count = read(0, bytes, sizeof bytes);
  /* Whoever started the bench is gone. */
  if (count == 0) exit(0);
  for (ssize_t i = 0; i < count; i++) {
    if (bytes[i] != '\n') {
      if (length < sizeof line - 1) line[length++] = bytes[i];
      continue;
    }
    line[length] = 0;
    length = 0;
    run_command(line);
  }
}

static void keep_pace(void) {
  if (is_stepped) {
    struct pollfd poller = {0, POLLIN, 0};
    while (alarm_at == ~0ull) {
      poll(&poller, 1, 5);
      line_poll();
      read_commands();
    }
    return;
  }
  uint64_t wall = wall_us() - wall_start, simulated = simulated_us() - simulated_start;
  if (simulated > wall) usleep((useconds_t)(simulated - wall));
  else if (wall - simulated > LAG_US_MAX) {
    wall_start = wall_us();
    simulated_start = simulated_us();
  }
}

static void run(void) {
  avr_cycle_count_t poll_at = 0;
  for (;;) {
    int state = avr_run(avr);
    if (state == cpu_Done || state == cpu_Crashed) fail("the firmware crashed at %llu us", (unsigned long long)simulated_us());
    if (was_reset) pins_relax();
    was_reset = 0;
    if (avr->cycle >= line_next_byte_at) line_deliver_byte();
    if (avr->cycle < poll_at && simulated_us() < alarm_at) continue;
    poll_at = avr->cycle + avr_usec_to_cycles(avr, POLL_US);
    if (simulated_us() >= alarm_at) {
      alarm_at = ~0ull;
      say("alarm %llu", (unsigned long long)simulated_us());
    }
    line_poll();
    read_commands();
    keep_pace();
  }
}

int main(int count, char **words) {
  const char *chip = "atmega328p", *bootloader = NULL, *firmware = NULL;
  struct line_options line = {0};
  uint8_t has_dmx = 0;
  for (int i = 1; i < count; i++) {
    if (!strcmp(words[i], "-m") && i + 1 < count) chip = words[++i];
    else if (!strcmp(words[i], "-p") && i + 1 < count) line.link = words[++i];
    else if (!strcmp(words[i], "-b") && i + 1 < count) bootloader = words[++i];
    else if (!strcmp(words[i], "-o")) line.resets_on_open = 1;
    else if (!strcmp(words[i], "-d")) has_dmx = 1;
    else firmware = words[i];
  }
  if (!firmware && !bootloader) fail("bench [-m chip] [-p link] [-b bootloader.hex] [-o] [-d] [firmware.hex]");
  avr_global_logger_set(no_log);
  avr = avr_make_mcu_by_name(chip);
  if (!avr) fail("no chip %s", chip);
  avr_init(avr);
  avr->frequency = 16000000;
  avr->vcc = avr->avcc = avr->aref = 5000;
  avr->sleep = no_sleep;
  memset(avr->flash, 0xff, avr->flashend + 1);
  avr->codeend = avr->flashend;
  if (firmware) load(firmware);
  if (bootloader) avr->reset_pc = load(bootloader) & ~0x1ffu;
  pins_attach();
  i2c_attach();
  line_open(&line);
  if (has_dmx) dmx_listen();
  watcher.kind = "watcher";
  watcher.reset = on_reset;
  avr_register_io(avr, &watcher);
  avr_reset(avr);
  avr_regbit_setto(avr, avr->reset_flags.porf, 1);
  fcntl(0, F_SETFL, O_NONBLOCK);
  wall_start = wall_us();
  simulated_start = simulated_us();
  say("ready");
  run();
}
