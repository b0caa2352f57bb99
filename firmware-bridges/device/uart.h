/* UART0 with a ring each way, by interrupts. UART_BAUD, UART_IN and UART_OUT (powers of two) come from the user. */
#ifndef UART_H
#define UART_H

#include <avr/interrupt.h>
#include <avr/io.h>
#include <stdint.h>

#if defined(USART_RX_vect)
#define UART_RX_VECTOR USART_RX_vect
#define UART_EMPTY_VECTOR USART_UDRE_vect
#else
#define UART_RX_VECTOR USART0_RX_vect
#define UART_EMPTY_VECTOR USART0_UDRE_vect
#endif

static volatile uint8_t uart_in[UART_IN], uart_in_head, uart_in_tail;
static volatile uint8_t uart_out[UART_OUT], uart_out_head, uart_out_tail;
/* Bytes that were lost: the ring was full, or the chip's own two places were. Stays at its most. */
static volatile uint16_t uart_lost;

ISR(UART_RX_VECTOR) {
  uint8_t status = UCSR0A, byte = UDR0, next = (uint8_t)(uart_in_head + 1) & (UART_IN - 1);
  if (((status & _BV(DOR0)) || next == uart_in_tail) && uart_lost != 0xffff) uart_lost++;
  if (next == uart_in_tail) return;
  uart_in[uart_in_head] = byte;
  uart_in_head = next;
}

ISR(UART_EMPTY_VECTOR) {
  UDR0 = uart_out[uart_out_tail];
  uart_out_tail = (uint8_t)(uart_out_tail + 1) & (UART_OUT - 1);
  if (uart_out_tail == uart_out_head) UCSR0B &= (uint8_t)~_BV(UDRIE0);
}

/* With the fast clock of the UART: 250,000 baud comes out without error, 57,600 with 0.8 %. The speed comes last, for
 * the emulator's sake, which works it out then. */
static inline void uart_start(void) {
  UCSR0A = _BV(U2X0);
  UCSR0C = _BV(UCSZ01) | _BV(UCSZ00);
  UBRR0 = (uint16_t)((F_CPU + UART_BAUD * 4) / (UART_BAUD * 8) - 1);
  UCSR0B = _BV(RXEN0) | _BV(TXEN0) | _BV(RXCIE0);
}

static inline uint8_t uart_has_byte(void) { return uart_in_tail != uart_in_head; }

static inline uint8_t uart_take(void) {
  uint8_t byte = uart_in[uart_in_tail];
  uart_in_tail = (uint8_t)(uart_in_tail + 1) & (UART_IN - 1);
  return byte;
}

static inline uint8_t uart_room(void) { return (uint8_t)(uart_out_tail - uart_out_head - 1) & (UART_OUT - 1); }

/* Waits for room: at most the time of one byte on the line, because the other end is always taken from. */
static void uart_send(uint8_t byte) {
  while (uart_room() == 0);
  uart_out[uart_out_head] = byte;
  uart_out_head = (uint8_t)(uart_out_head + 1) & (UART_OUT - 1);
  uint8_t status = SREG;
  cli();
  UCSR0B |= _BV(UDRIE0);
  SREG = status;
}

#endif
