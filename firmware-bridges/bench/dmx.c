/* A DMX512 line on UART1: a receiver, and a desk that sends.
 *
 * The receiver follows the line and not the registers: a byte goes out when the one before it has,
 * at the speed that was set when it was written, and is a break when it keeps the line low for 88 us or longer. */
#include <stdio.h>
#include <string.h>
#include <simavr/sim_time.h>
#include "bench.h"

#define SLOTS_MAX 513
/* What the desk sends: a break of 176 us and a mark of 12 us as the standard's example has, and slots with a mark of
 * 6 us between them. The simulator's receiver begins the next character when the one before was read, so one that came
 * at once after it would be late by the interrupt's time, and all after it too. */
#define DESK_BREAK_US 176
#define DESK_MARK_US 12
#define CHARACTER_US 44
#define DESK_SLOT_US (CHARACTER_US + 6)
/* Characters that wait in the chip: two, and one that is being shifted in. */
#define UNREAD_MAX 3
/* ANSI E1.11, receiver: a break is 88 us or longer; a slot is 11 bits of 4 us. */
#define BREAK_US_MIN 88
#define BIT_US 4

static avr_uart_t *uart;
static avr_cycle_count_t busy_until;
static unsigned divisor_before;
static uint8_t slots[SLOTS_MAX], before[SLOTS_MAX];
static int length = -1, length_before;
static double break_at, break_us, mab_us, period_us, low_end;
static uint64_t frames;

static double us(avr_cycle_count_t cycles) { return (double)cycles * 1e6 / avr->frequency; }

static void end_frame(void) {
  if (length < 1) return;
  frames++;
  /* A frame that says nothing new is said without its slots. */
  uint8_t is_news = length != length_before || memcmp(slots, before, (size_t)length);
  static char hex[2 * SLOTS_MAX + 1];
  hex[0] = 0;
  for (int i = 0; is_news && i < length; i++) sprintf(hex + 2 * i, "%02x", slots[i]);
  say("dmx %.0f %.1f %.1f %.1f %d %s", break_at, break_us, mab_us, period_us, length - 1, is_news ? hex : "=");
  memcpy(before, slots, sizeof slots);
  length_before = length;
}

static void on_byte(avr_irq_t *irq, uint32_t value, void *param) {
  (void)irq, (void)param;
  unsigned divisor = avr_regbit_get(avr, uart->ubrrl) | avr_regbit_get(avr, uart->ubrrh) << 8;
  unsigned bit = (divisor + 1) * (avr_regbit_get(avr, uart->u2x) ? 8 : 16);
  unsigned stop_bits = avr_regbit_get(avr, uart->usbs) ? 2 : 1;
  if (busy_until > avr->cycle && divisor != divisor_before) say("dmx-fault speed changed within a slot");
  divisor_before = divisor;
  avr_cycle_count_t start = busy_until > avr->cycle ? busy_until : avr->cycle;
  busy_until = start + (9 + stop_bits) * bit;

  double low_us = us((avr_cycle_count_t)9 * bit);
  if (value == 0 && low_us >= BREAK_US_MIN) {
    end_frame();
    period_us = us(start) - break_at;
    break_at = us(start);
    break_us = low_us;
    low_end = us(start) + low_us;
    length = 0;
    return;
  }
  if (length < 0) return;
  if (us(bit) != BIT_US || stop_bits != 2) { say("dmx-fault a slot of %.1f us with %u stop bits", us(bit), stop_bits); return; }
  if (length == 0) mab_us = us(start) - low_end;
  if (length < SLOTS_MAX) slots[length++] = (uint8_t)value;
  else say("dmx-fault more than 512 slots");
}

static struct {
  uint8_t bytes[SLOTS_MAX];
  unsigned length, next;
  uint64_t period_us;
  avr_cycle_count_t began_at;
} desk;
static avr_irq_t *input;

static avr_cycle_count_t on_desk(avr_t *chip, avr_cycle_count_t when, void *param) {
  (void)chip, (void)param;
  unsigned unread = (unsigned)(uart->input.write - uart->input.read) % uart_fifo_fifo_size;
  if (desk.next == 0) {
    /* The simulator has one flag for all that wait: a break comes when nothing does. */
    if (unread > 0) return when + avr_usec_to_cycles(avr, CHARACTER_US);
    avr_raise_irq(input, UART_INPUT_FE);
    desk.next = 1;
    desk.began_at = when;
    return when + avr_usec_to_cycles(avr, DESK_BREAK_US + DESK_MARK_US);
  }
  if (unread >= UNREAD_MAX) say("dmx-fault slot %u found no place in the chip", desk.next - 1);
  avr_raise_irq(input, desk.bytes[desk.next - 1]);
  if (desk.next++ < desk.length) return when + avr_usec_to_cycles(avr, DESK_SLOT_US);
  desk.next = 0;
  avr_cycle_count_t next = desk.began_at + avr_usec_to_cycles(avr, (uint32_t)desk.period_us);
  return next > when + avr_usec_to_cycles(avr, CHARACTER_US) ? next : when + avr_usec_to_cycles(avr, CHARACTER_US);
}

void dmx_feed(uint64_t period_us, const char *hex) {
  unsigned byte;
  avr_cycle_timer_cancel(avr, on_desk, NULL);
  desk.next = desk.length = 0;
  for (; desk.length < SLOTS_MAX && sscanf(hex, "%2x", &byte) == 1; hex += 2) desk.bytes[desk.length++] = (uint8_t)byte;
  desk.period_us = period_us;
  /* Not within the character that is still on the line. */
  if (period_us > 0 && desk.length > 0) avr_cycle_timer_register_usec(avr, 2 * CHARACTER_US, on_desk, NULL);
}

void dmx_listen(void) {
  for (avr_io_t *io = avr->io_port; io; io = io->next)
    if (!strcmp(io->kind, "uart") && ((avr_uart_t *)io)->name == '1') uart = (avr_uart_t *)io;
  if (!uart) fail("this chip has no UART1");
  input = avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('1'), UART_IRQ_INPUT);
  uint32_t flags = 0;
  avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('1'), &flags);
  avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('1'), UART_IRQ_OUTPUT), on_byte, NULL);
}
