/* The serial line: a pty for the host, UART0 for the firmware. It is stricter than the simulator's own UART: bytes
 * come at the speed of the line, a third one that nobody has read is lost as on the chip, and a host that set another
 * speed than the firmware reads and writes rubbish. */
#define _GNU_SOURCE
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "bench.h"

#define OUT_MAX 4096

avr_cycle_count_t line_next_byte_at = ~(avr_cycle_count_t)0;

static int master = -1;
static struct line_options options;
static avr_uart_t *uart;
static avr_irq_t *input;
static uint8_t in[4096];
static unsigned in_length, in_at;
static uint8_t out[OUT_MAX];
static unsigned out_length;
static uint64_t received, sent, overruns, discarded;
static uint8_t is_open, is_cut, is_garbled;
static unsigned host_speed;

static unsigned firmware_speed(void) {
  unsigned divisor = avr_regbit_get(avr, uart->ubrrl) | avr_regbit_get(avr, uart->ubrrh) << 8;
  unsigned cycles = (divisor + 1) * (avr_regbit_get(avr, uart->u2x) ? 8 : 16);
  return avr->frequency / cycles;
}

/* The simulator's receiver is ready for a byte a little later than the line would bring it. */
static avr_cycle_count_t byte_cycles(void) {
  avr_cycle_count_t cycles = (avr_cycle_count_t)avr->frequency * 10 / firmware_speed();
  return (uart->cycles_per_byte > cycles ? uart->cycles_per_byte : cycles) + 16;
}

static void expect_byte(void) {
  line_next_byte_at = avr->cycle + byte_cycles();
  wake_in(byte_cycles(), &line_next_byte_at);
}

/* 5 % apart is what a UART cannot bear. */
static void compare_speeds(void) {
  unsigned speed = firmware_speed();
  unsigned apart = speed > host_speed ? speed - host_speed : host_speed - speed;
  is_garbled = apart > speed / 20;
}

/* Bytes that came and that the firmware has not read. */
static unsigned unread(void) {
  return (unsigned)(uart->input.write - uart->input.read) % uart_fifo_fifo_size;
}

static void flush(void) {
  while (out_length > 0) {
    ssize_t written = write(master, out, out_length);
    if (written < 0) return;
    memmove(out, out + written, out_length - (unsigned)written);
    out_length -= (unsigned)written;
  }
}

/* The host reads slower than the simulation runs: simulated time waits for it, however long that is, so that nothing
 * is lost by a busy machine. Over when there is room, or when nobody has the host's end any more. */
static uint8_t wait_for_host(void) {
  while (out_length == OUT_MAX) {
    struct pollfd pollers[] = {{master, POLLOUT, 0}, {0, 0, 0}};
    poll(pollers, 2, 1000);
    /* Whoever started the bench is gone. */
    if (pollers[1].revents & POLLHUP) exit(0);
    if (pollers[0].revents & POLLHUP) return 0;
    flush();
  }
  return 1;
}

static void on_byte_sent(avr_irq_t *irq, uint32_t value, void *param) {
  (void)irq, (void)param;
  sent++;
  /* A USB adapter that nobody has open throws away what comes. */
  if (!is_open || is_cut) { discarded++; return; }
  compare_speeds();
  if (out_length == OUT_MAX && !wait_for_host()) { discarded++; return; }
  out[out_length++] = (uint8_t)(is_garbled ? value * 151 + 85 : value);
}

/* Whether a process has the host's end open, and with which speed. */
static void look_at_host(void) {
  struct pollfd poller = {master, POLLIN, 0};
  poll(&poller, 1, 0);
  uint8_t was_open = is_open;
  is_open = !(poller.revents & POLLHUP);
  unsigned speed_before = host_speed;
  struct termios2 settings;
  if (is_open && ioctl(master, TCGETS2, &settings) == 0) host_speed = settings.c_ospeed;
  if (was_open != is_open) say("host %s %llu", is_open ? "opened" : "closed", (unsigned long long)simulated_us());
  uint8_t is_other_speed = is_open && was_open && host_speed != speed_before;
  if (options.resets_on_open && ((is_open && !was_open) || is_other_speed)) reset_by_pin();
  if (!is_open) out_length = 0;
}

void line_open(const struct line_options *given) {
  options = *given;
  for (avr_io_t *io = avr->io_port; io; io = io->next)
    if (!strcmp(io->kind, "uart") && ((avr_uart_t *)io)->name == '0') uart = (avr_uart_t *)io;
  if (!uart) fail("no UART0");
  uint32_t flags = 0;
  avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
  input = avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT);
  avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT), on_byte_sent, NULL);

  master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  if (master < 0 || grantpt(master) || unlockpt(master)) fail("no pty: %s", strerror(errno));
  const char *name = ptsname(master);
  int host = open(name, O_RDWR | O_NOCTTY);
  struct termios2 settings;
  if (host < 0 || ioctl(host, TCGETS2, &settings)) fail("%s: %s", name, strerror(errno));
  settings.c_iflag = 0;
  settings.c_oflag = 0;
  settings.c_lflag = 0;
  settings.c_cflag = CS8 | CREAD | CLOCAL | B115200;
  settings.c_ospeed = settings.c_ispeed = host_speed = 115200;
  ioctl(host, TCSETS2, &settings);
  fchmod(host, 0666);
  /* A pty is only known to be closed once it was open. */
  close(host);
  if (options.link) {
    char fresh[4096];
    snprintf(fresh, sizeof fresh, "%s.%d", options.link, getpid());
    /* In one step: whoever looks finds the line of before or this one. */
    if (symlink(name, fresh) || rename(fresh, options.link)) fail("%s: %s", options.link, strerror(errno));
  }
  say("line %s", name);
}

void line_poll(void) {
  static unsigned turn;
  flush();
  if (turn++ % 4 == 0) look_at_host();
  if (in_at == in_length) {
    ssize_t length = read(master, in, sizeof in);
    in_at = in_length = 0;
    /* Bytes go at the speed that the host has set before it wrote them. */
    if (length > 0) look_at_host();
    if (length > 0 && !is_cut) in_length = (unsigned)length;
  }
  if (in_at < in_length && line_next_byte_at == ~(avr_cycle_count_t)0) expect_byte();
}

void line_deliver_byte(void) {
  line_next_byte_at = ~(avr_cycle_count_t)0;
  if (in_at == in_length) return;
  uint8_t byte = in[in_at++];
  received++;
  compare_speeds();
  /* Two bytes wait in the chip and a third is being shifted in: the fourth has no place. */
  if (unread() >= 3) {
    overruns++;
  } else {
    avr_raise_irq(input, is_garbled ? (uint8_t)(byte * 151 + 85) : byte);
  }
  if (in_at == in_length) line_poll();
  else expect_byte();
}

void line_cut(uint8_t cut) { is_cut = cut; }

void line_say_counts(void) {
  say("counts received %llu sent %llu overruns %llu discarded %llu", (unsigned long long)received,
      (unsigned long long)sent, (unsigned long long)overruns, (unsigned long long)discarded);
}
