/* Pulses for servos by timer 1, one after the other, in frames of 20 ms. SERVOS_MAX comes from the user. */
#ifndef SERVO_H
#define SERVO_H

#include <avr/interrupt.h>
#include <avr/io.h>
#include <stdint.h>

#define SERVO_FRAME_TICKS 40000U /* 20 ms of 0.5 us */
#define SERVO_GAP_TICKS 100U     /* at least, between two frames */

struct servo {
  volatile uint8_t *port;
  uint8_t mask;
  volatile uint16_t ticks; /* 0: no pulse */
};

static struct servo servos[SERVOS_MAX];
static uint8_t servo_now = SERVOS_MAX;

ISR(TIMER1_COMPA_vect) {
  static uint16_t frame_at;
  if (servo_now < SERVOS_MAX) *servos[servo_now].port &= (uint8_t)~servos[servo_now].mask;
  if (servo_now >= SERVOS_MAX) {
    frame_at = OCR1A;
    servo_now = 0;
  } else servo_now++;
  while (servo_now < SERVOS_MAX && servos[servo_now].ticks == 0) servo_now++;
  if (servo_now < SERVOS_MAX) {
    *servos[servo_now].port |= servos[servo_now].mask;
    OCR1A = OCR1A + servos[servo_now].ticks;
    return;
  }
  uint16_t used = OCR1A - frame_at;
  OCR1A = used + SERVO_GAP_TICKS < SERVO_FRAME_TICKS ? frame_at + SERVO_FRAME_TICKS : OCR1A + SERVO_GAP_TICKS;
}

static inline void servo_start(void) {
  TCCR1A = 0;
  TCCR1B = _BV(CS11);
  OCR1A = TCNT1 + SERVO_GAP_TICKS;
  TIFR1 = _BV(OCF1A);
  TIMSK1 = _BV(OCIE1A);
}

/* 0 ends the pulses; a pulse that is under way is finished. */
static void servo_write(uint8_t index, uint16_t us) {
  uint8_t status = SREG;
  cli();
  servos[index].ticks = us * 2;
  SREG = status;
}

#endif
