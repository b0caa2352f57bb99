/* A DMX widget that speaks as the Enttec DMX USB Pro does; ../PROTOCOL.md says what, and what is ours.
 *
 * UART0 is the host, UART1 the DMX512 line. Interrupts alone keep the line going: whatever the host does, frames go
 * out at their rate, or are heard. A chip with one UART cannot be this. */
#include <avr/io.h>
#include <avr/eeprom.h>
#include <avr/interrupt.h>
#include <avr/sleep.h>
#include <avr/wdt.h>
#include <string.h>

#define UART_BAUD 115200UL
#define UART_IN 256
#define UART_OUT 64
#include "../../device/boot.h"
#include "../../device/clock.h"
#include "../../device/uart.h"

#ifndef FIRMWARE_VERSION
#define FIRMWARE_VERSION 1, 1, 0
#endif
static const uint8_t release[] = {FIRMWARE_VERSION};

#define FRAME_BEGIN 0x7e
#define FRAME_END 0xe7
#define PAYLOAD_MAX 600
#define SLOTS_MIN 24
#define SLOTS_MAX 512

enum label { GET_PARAMETERS = 3, SET_PARAMETERS, HEARD_DMX, SEND_DMX, HEAR_DMX = 8, GET_SERIAL = 10, GET_MANUFACTURER = 77, GET_DEVICE, SET_GUARD = 84, SET_SCENE };

/* A character of 0 at a lower speed is nine low bits, then two stop bits: break and mark in one. At UBRR u a bit takes
 * u + 1 us, so 10 gives 99 us of break and 22 us of mark. ANSI E1.11 wants 92 and 12. */
#define BREAK_UBRR_MIN 10
#define SLOT_UBRR 3
/* Enttec counts a break in 10.67 us. */
#define BREAK_UNITS_DEFAULT 9
#define RATE_DEFAULT 40
#define RATE_MIN 4
#define RATE_MAX 44
#define TICK_US 4
/* Two speeds: what software for widgets opens them with, and what carries 44 full frames a second. */
#define FAST_BAUD 250000UL
/* Bytes outside of any frame, one after the other, that say that the host speaks at the other speed. */
#define NOISE_MAX 16
/* A frame that stops in the middle is given up. */
#define PAUSE_MS_MAX 50

/* Bytes of the host between two looks at everything else. Answers are longer than questions: a host that asks without a
 * pause would have all of our time, and the watchdog would take us for hung. Seven answers, and the rest of a look that is
 * told, take 60 ms. */
#define TURN_BYTES 32

#define ENABLE_PORT PORTE
#define ENABLE_DDR DDRE
#define ENABLE_BIT 4 /* D2: high while the line driver shall send */

struct look {
  uint16_t slots;
  uint8_t levels[SLOTS_MAX + 1]; /* start code first */
};

static struct look looks[3], scene;
/* One is on the line, one may wait for the next frame, one is being filled. */
static struct look *volatile on_line = &looks[0];
static struct look *volatile waiting;
static struct look *filling = &looks[1];
static volatile uint16_t next_slot;
static volatile enum { IDLE, BREAKING, SENDING, ENDING } line_state;
static volatile uint8_t is_due;
static volatile uint8_t break_ubrr = BREAK_UBRR_MIN;
static volatile uint16_t period_ticks = 1000000UL / RATE_DEFAULT / TICK_US;
static uint8_t break_units = BREAK_UNITS_DEFAULT, rate = RATE_DEFAULT;

/* While the line is heard, the same three: one is being heard, one may wait for the host, one is being told. */
static volatile uint8_t is_hearing;
static struct look *volatile hearing;
static struct look *volatile heard;
static struct look *volatile telling;
#define NO_FRAME 0xffff
static volatile uint16_t heard_bytes;
static uint16_t told_bytes;

static uint16_t guard_ms;
static uint8_t has_scene, is_fed;
static uint32_t fed_ms;

static void begin_frame(void) {
  is_due = 0;
  if (waiting) {
    struct look *free = on_line;
    on_line = waiting;
    waiting = 0;
    filling = free;
  }
  line_state = BREAKING;
  UBRR1 = break_ubrr;
  UDR1 = 0;
}

ISR(TIMER5_COMPA_vect) {
  OCR5A += period_ticks;
  is_due = 1;
  if (line_state == IDLE) begin_frame();
}

ISR(USART1_TX_vect) {
  if (line_state == BREAKING) {
    UBRR1 = SLOT_UBRR;
    line_state = SENDING;
    UDR1 = on_line->levels[0];
    next_slot = 1;
    UCSR1B |= _BV(UDRIE1);
  } else if (line_state == ENDING) {
    line_state = IDLE;
    if (is_due) begin_frame();
  }
}

ISR(USART1_UDRE_vect) {
  if (next_slot > on_line->slots) {
    UCSR1B &= (uint8_t)~_BV(UDRIE1);
    line_state = ENDING;
    return;
  }
  UDR1 = on_line->levels[next_slot++];
}

static void line_start(void) {
  on_line->slots = SLOTS_MAX;
  ENABLE_DDR |= _BV(ENABLE_BIT);
  ENABLE_PORT |= _BV(ENABLE_BIT);
  UCSR1C = _BV(USBS1) | _BV(UCSZ11) | _BV(UCSZ10);
  UBRR1 = SLOT_UBRR;
  UCSR1B = _BV(TXEN1) | _BV(TXCIE1);
  TCCR5B = _BV(CS51) | _BV(CS50);
  OCR5A = TCNT5 + period_ticks;
  TIMSK5 = _BV(OCIE5A);
}

/* The line driver lets go of the line, and the receiver listens to it. */
static void line_hear(void) {
  if (is_hearing) return;
  uint8_t status = SREG;
  cli();
  TIMSK5 = 0;
  ENABLE_PORT &= (uint8_t)~_BV(ENABLE_BIT);
  UCSR1B = 0;
  UBRR1 = SLOT_UBRR;
  line_state = IDLE;
  waiting = 0;
  hearing = &looks[0];
  heard = telling = 0;
  heard_bytes = NO_FRAME;
  told_bytes = 0;
  is_fed = 0;
  is_hearing = 1;
  UCSR1B = _BV(RXEN1) | _BV(RXCIE1);
  SREG = status;
}

/* The line is ours again, and dark until there is a look. What was being told is left in the middle. */
static void line_speak(void) {
  if (!is_hearing) return;
  uint8_t status = SREG;
  cli();
  UCSR1B = 0;
  is_hearing = 0;
  heard = telling = 0;
  on_line = &looks[0];
  filling = &looks[1];
  memset(looks[0].levels, 0, sizeof looks[0].levels);
  line_start();
  SREG = status;
}

/* What was heard waits for the host, in the place of one that still waits: the newest counts. */
static void end_heard(void) {
  struct look *full = hearing;
  if (heard_bytes == NO_FRAME || heard_bytes < 2) return;
  full->slots = heard_bytes - 1;
  if (heard) hearing = heard;
  else
    for (uint8_t i = 0; i < 3; i++)
      if (&looks[i] != full && &looks[i] != telling) hearing = &looks[i];
  heard = full;
}

ISR(USART1_RX_vect) {
  uint8_t status = UCSR1A, byte = UDR1;
  if (status & _BV(FE1)) {
    /* A break has no stop bit and nothing in it. Anything else without one spoils its frame. */
    if (byte == 0) end_heard();
    heard_bytes = byte == 0 ? 0 : NO_FRAME;
    return;
  }
  if (status & _BV(DOR1)) heard_bytes = NO_FRAME;
  if (heard_bytes == NO_FRAME) return;
  hearing->levels[heard_bytes++] = byte;
  if (heard_bytes <= SLOTS_MAX) return;
  end_heard();
  heard_bytes = NO_FRAME;
}

/* Puts a look on the line from the next frame on. Fewer slots than 24 would let a receiver take it for nothing. */
static void show(const uint8_t *bytes, uint16_t length) {
  uint8_t status = SREG;
  cli();
  /* One that was waiting and never shown is the one to fill. */
  struct look *look = waiting ? waiting : filling;
  waiting = 0;
  filling = look;
  SREG = status;
  memset(look->levels, 0, sizeof look->levels);
  memcpy(look->levels, bytes, length);
  look->slots = length - 1 < SLOTS_MIN ? SLOTS_MIN : length - 1;
  cli();
  waiting = look;
  for (uint8_t i = 0; i < 3; i++)
    if (&looks[i] != look && &looks[i] != on_line) filling = &looks[i];
  SREG = status;
}

/* As much of what was heard as the host's line takes now. A look of 512 slots is 20 ms of it, and more at 115,200 baud:
 * nothing waits for that. */
static void tell_heard(uint8_t is_patient) {
  if (!telling) {
    cli();
    telling = heard;
    heard = 0;
    sei();
    told_bytes = 0;
  }
  if (!telling) return;
  /* Begin, label, two of length, status; then start code and levels; then the end. */
  uint16_t length = telling->slots + 2;
  while (told_bytes < length + 5 && (is_patient || uart_room() > 0)) {
    const uint8_t head[] = {FRAME_BEGIN, HEARD_DMX, (uint8_t)length, (uint8_t)(length >> 8), 0};
    uint16_t place = told_bytes++;
    uart_send(place < 5 ? head[place] : place < length + 4 ? telling->levels[place - 5] : FRAME_END);
  }
  if (told_bytes == length + 5) telling = 0;
}

static void reply(uint8_t label, const uint8_t *bytes, uint8_t length) {
  /* Not into the middle of another frame. */
  if (telling) tell_heard(1);
  uart_send(FRAME_BEGIN);
  uart_send(label);
  uart_send(length);
  uart_send(0);
  while (length--) uart_send(*bytes++);
  uart_send(FRAME_END);
}

static void reply_parameters(void) {
  uint8_t bytes[] = {release[1], release[0], break_units, (uint8_t)((2 * (break_ubrr + 1) * 100 + 1066) / 1067), rate};
  reply(GET_PARAMETERS, bytes, sizeof bytes);
}

static void set_parameters(const uint8_t *bytes) {
  break_units = bytes[2] < BREAK_UNITS_DEFAULT ? BREAK_UNITS_DEFAULT : bytes[2] > 127 ? 127 : bytes[2];
  uint16_t us = (uint16_t)((uint32_t)break_units * 1067 / 100);
  uint8_t ubrr = (uint8_t)((us + 8) / 9 - 1);
  break_ubrr = ubrr < BREAK_UBRR_MIN ? BREAK_UBRR_MIN : ubrr;
  /* 0 asks for as fast as can be. */
  rate = bytes[4] == 0 || bytes[4] > RATE_MAX ? RATE_MAX : bytes[4] < RATE_MIN ? RATE_MIN : bytes[4];
  uint16_t ticks = (uint16_t)(1000000UL / rate / TICK_US);
  uint8_t status = SREG;
  cli();
  period_ticks = ticks;
  SREG = status;
}

static void reply_serial(void) {
  uint8_t bytes[4];
  eeprom_read_block(bytes, 0, sizeof bytes);
  reply(GET_SERIAL, bytes, sizeof bytes);
}

static void set_guard(const uint8_t *bytes) {
  guard_ms = (uint16_t)(bytes[0] | bytes[1] << 8);
  /* After a reset there is none: the host hears of it, and says it again. */
  has_scene = bytes[2] && scene.slots;
  fed_ms = now_ms();
  is_fed = !is_hearing;
  const uint8_t kept[] = {bytes[0], bytes[1], has_scene};
  reply(SET_GUARD, kept, sizeof kept);
}

static void serve(uint8_t label, const uint8_t *bytes, uint16_t length) {
  /* Prototype range of ESTA's numbers; then the name. */
  static const uint8_t manufacturer[] = {0xf0, 0x7f, 'I', 'n', 't', 'e', 'r', 'a', 'c', 't', 'o', 'r'};
  static const uint8_t device[] = {1, 0, 'd', 'm', 'x', '-', 'p', 'r', 'o'};
  switch (label) {
    case GET_PARAMETERS:
      return reply_parameters();
    case SET_PARAMETERS:
      if (length >= 5) set_parameters(bytes);
      return;
    case SEND_DMX:
      if (length < 2 || length > SLOTS_MAX + 1) return;
      fed_ms = now_ms();
      line_speak();
      is_fed = 1;
      return show(bytes, length);
    case HEAR_DMX:
      /* 1 asks for changes alone, where silence may mean a line that was pulled: every frame is told. */
      if (length == 1) line_hear();
      return;
    case GET_SERIAL:
      return reply_serial();
    case GET_MANUFACTURER:
      return reply(label, manufacturer, sizeof manufacturer);
    case GET_DEVICE:
      return reply(label, device, sizeof device);
    case SET_GUARD:
      if (length >= 3) set_guard(bytes);
      return;
    case SET_SCENE:
      if (length < 2 || length > SLOTS_MAX + 1) return;
      scene.slots = length;
      memcpy(scene.levels, bytes, length);
      return;
  }
}

static void try_other_speed(void) {
  static uint8_t is_fast;
  is_fast = !is_fast;
  uint32_t baud = is_fast ? FAST_BAUD : UART_BAUD;
  UBRR0 = (uint16_t)((F_CPU + baud * 4) / (baud * 8) - 1);
}

static enum { OUTSIDE, LABEL, LOW, HIGH, PAYLOAD, END } place;
static uint8_t noise;
static uint32_t byte_ms;

static void take_noise(void) {
  place = OUTSIDE;
  if (++noise < NOISE_MAX) return;
  noise = 0;
  try_other_speed();
}

static void take_byte(uint8_t byte) {
  static uint8_t label, payload[PAYLOAD_MAX];
  static uint16_t length, taken;
  switch (place) {
    case OUTSIDE:
      if (byte == FRAME_BEGIN) place = LABEL;
      else take_noise();
      return;
    case LABEL:
      label = byte;
      place = LOW;
      return;
    case LOW:
      length = byte;
      place = HIGH;
      return;
    case HIGH:
      length |= (uint16_t)byte << 8;
      taken = 0;
      place = length == 0 ? END : PAYLOAD;
      if (length > PAYLOAD_MAX) take_noise();
      return;
    case PAYLOAD:
      payload[taken++] = byte;
      if (taken == length) place = END;
      return;
    case END:
      place = OUTSIDE;
      if (byte != FRAME_END) return take_noise();
      noise = 0;
      serve(label, payload, length);
  }
}

static void go_safe(void) {
  static const uint8_t dark[SLOTS_MAX + 1];
  is_fed = 0;
  if (has_scene && scene.slots > 0) show(scene.levels, scene.slots);
  else show(dark, sizeof dark);
}

int main(void) {
  boot_reason();
  wdt_enable(WDTO_250MS);
  line_start();
  clock_start();
  uart_start();
  sei();
  for (;;) {
    wdt_reset();
    for (uint8_t taken = 0; taken < TURN_BYTES && uart_has_byte(); taken++) {
      uint32_t now = now_ms();
      if (place != OUTSIDE && now - byte_ms > PAUSE_MS_MAX) take_noise();
      byte_ms = now;
      take_byte(uart_take());
    }
    if (is_hearing) tell_heard(0);
    /* A time from before the bytes could lie before that of the look among them, and the guard would see it fed in the
     * future: 49 days ago. */
    if (guard_ms && is_fed && now_ms() - fed_ms > guard_ms) go_safe();
    if (!uart_has_byte()) sleep_mode();
  }
}
