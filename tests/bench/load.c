/*
 * Load generator of the benchmark: one thread, epoll, non-blocking sockets. Much cheaper a connection
 * than any server it drives, so that it is not what is measured.
 *
 *   load PORT CONNECTIONS PARALLEL REPEAT STEP...
 *
 * A step is `>TEXT` (send TEXT), `<TEXT` (wait until TEXT has come since the last sending) or `#COUNT`
 * (wait for so many bytes since then); \r, \n and \xNN are known in TEXT. The steps are gone through REPEAT times on each connection, which is then closed.
 * With PARALLEL 0 it opens CONNECTIONS connections, waits for the first byte of each or for nothing,
 * prints "held N" and keeps them until its standard input ends.
 * Prints: done, failed, seconds.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BUFFER 32768

struct step { int is_send, is_count; char text[2048]; size_t length; };
struct conn { int fd; int step; int round; size_t have; char *buffer; };

static struct step steps[16];
static int step_count, repeat, port;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void parse(struct step *s, const char *text) {
  s->is_send = text[0] == '>';
  s->is_count = text[0] == '#';
  if (s->is_count) {
    s->length = atoi(text + 1);
    return;
  }
  for (text++; *text; text++) {
    char c = *text;
    if (c == '\\' && text[1] == 'r') { c = '\r'; text++; }
    else if (c == '\\' && text[1] == 'n') { c = '\n'; text++; }
    else if (c == '\\' && text[1] == 'x') {
      char digits[3] = { text[2], text[3], 0 };
      c = (char)strtol(digits, NULL, 16);
      text += 3;
    }
    s->text[s->length++] = c;
  }
}

static int dial(int from, int flags) {
  struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
  /* Many source addresses, so that ports in TIME_WAIT do not run out. */
  struct sockaddr_in me = { .sin_family = AF_INET };
  int one = 1, fd = socket(AF_INET, SOCK_STREAM | flags, 0);
  if (fd < 0) { perror("socket"); exit(1); }
  setsockopt(fd, SOL_IP, 24 /* IP_BIND_ADDRESS_NO_PORT */, &one, sizeof one);
  me.sin_addr.s_addr = htonl(0x7f000001 + from % 64);
  if (bind(fd, (void *)&me, sizeof me) < 0) { perror("bind"); exit(1); }
  to.sin_addr.s_addr = htonl(0x7f000001);
  if (connect(fd, (void *)&to, sizeof to) < 0 && errno != EINPROGRESS) { perror("connect"); exit(1); }
  return fd;
}

/* Whether what a step waits for has come. */
static int is_there(struct conn *c, struct step *s) {
  if (s->is_count) return c->have >= s->length;
  return memmem(c->buffer, c->have, s->text, s->length) != NULL;
}

/* Goes through the steps as far as they go; 1 when the connection is done with, -1 when it failed. */
static int advance(struct conn *c) {
  for (;;) {
    struct step *s = &steps[c->step];
    if (s->is_send) {
      if (write(c->fd, s->text, s->length) != (ssize_t)s->length) return errno == EAGAIN ? 0 : -1;
      c->have = 0;
    } else {
      while (!is_there(c, s)) {
        if (c->have > BUFFER - 4096) {
          memmove(c->buffer, c->buffer + c->have - 2048, 2048);
          c->have = 2048;
        }
        ssize_t n = read(c->fd, c->buffer + c->have, BUFFER - c->have);
        if (n < 0 && errno == EAGAIN) return 0;
        if (n <= 0) return -1;
        c->have += n;
      }
    }
    if (++c->step == step_count) {
      c->step = 0;
      if (++c->round == repeat) return 1;
    }
  }
}

int main(int argc, char **argv) {
  if (argc < 6) return 2;
  struct rlimit most;
  getrlimit(RLIMIT_NOFILE, &most);
  most.rlim_cur = most.rlim_max;
  setrlimit(RLIMIT_NOFILE, &most);
  port = atoi(argv[1]);
  int total = atoi(argv[2]), parallel = atoi(argv[3]);
  repeat = atoi(argv[4]);
  for (int i = 5; i < argc; i++) parse(&steps[step_count++], argv[i]);
  if (parallel == 0) {
    for (int i = 0; i < total; i++) {
      int fd = dial(i, 0);
      char byte;
      if (steps[0].length > 0 && read(fd, &byte, 1) != 1) { printf("failed at %d\n", i); return 1; }
    }
    printf("held %d\n", total);
    fflush(stdout);
    char byte;
    while (read(0, &byte, 1) > 0);
    return 0;
  }
  int ep = epoll_create1(0), started = 0, done = 0, failed = 0, active = 0;
  struct conn *conns = calloc(parallel, sizeof *conns);
  struct conn **idle = calloc(parallel, sizeof *idle);
  for (int i = 0; i < parallel; i++) {
    conns[i].buffer = malloc(BUFFER);
    idle[i] = &conns[i];
  }
  int free_count = parallel;
  double start = now();
  while (done + failed < total) {
    while (free_count > 0 && started < total) {
      struct conn *c = idle[--free_count];
      c->fd = dial(started++, SOCK_NONBLOCK);
      c->step = c->round = 0;
      c->have = 0;
      struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c };
      epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &e);
      active++;
    }
    struct epoll_event events[256];
    int n = epoll_wait(ep, events, 256, 10000);
    if (n <= 0) break;
    for (int i = 0; i < n; i++) {
      struct conn *c = events[i].data.ptr;
      int verdict = events[i].events & EPOLLERR ? -1 : advance(c);
      if (verdict == 0) continue;
      if (verdict > 0) done++; else failed++;
      close(c->fd);
      idle[free_count++] = c;
      active--;
    }
  }
  printf("%d %d %.4f\n", done, failed + active, now() - start);
  return 0;
}
