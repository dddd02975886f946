/*
 * Load generator for SSH: one thread, epoll, OpenSSL's libcrypto. Much cheaper an attempt than any
 * server it drives, so that it is not what is measured.
 *
 *   ssh_load PORT CONNECTIONS PARALLEL KEX UNTIL [SOURCES]
 *
 * KEX is curve25519-sha256 or sntrup761x25519-sha512@openssh.com; with them go the lists of a stock
 * OpenSSH client, and chacha20-poly1305@openssh.com is what it comes to. UNTIL is `failure` (one
 * password, its refusal, close), `ready` (service accepted) or `password` (sent, and not answered).
 * For the last two PARALLEL counts connections under way; all are held until standard input ends.
 * SOURCES is the number of addresses that connections come from (64 without it).
 * Prints: done, failed, seconds; or `held N`.
 *
 * It is no safe client: host keys are not verified, tags of what comes are not checked, its own keys
 * are the same on all connections, and its sntrup761 public key is the polynomial 3, whose owner
 * reads the short polynomial off the ciphertext. The server's work is the same for all keys.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BUFFER 8192
#define LINE "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3"
#define P 761
#define SNTRUP_PUBLIC 1158
#define ROUNDED 1007
#define CIPHERTEXT 1039
typedef uint8_t u8;

enum { FAILURE, READY, PASSWORD };
struct conn {
  int fd, is_line, is_open;
  size_t have;
  uint32_t sent, received;
  u8 *in;
  char line[256];
  u8 *kexinit;
  size_t kexinit_length;
  u8 hash[64], out_key[64], in_key[64];
};
struct text { u8 *at; size_t length; u8 data[16384]; };

static int port, until, is_hybrid, hash_length;
static const char *kex;
static u8 own_kexinit[2048], own_public[SNTRUP_PUBLIC + 32];
static size_t own_kexinit_length, own_public_length;
static EVP_PKEY *own_key;
static const EVP_MD *md;
static EVP_CIPHER_CTX *chacha;
static EVP_MAC_CTX *poly;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static uint32_t get32(const u8 *b) {
  return (uint32_t)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3];
}

static void put32(u8 *b, uint32_t n) {
  b[0] = n >> 24; b[1] = n >> 16; b[2] = n >> 8; b[3] = n;
}

static void add(struct text *t, const void *data, size_t length) {
  memcpy(t->data + t->length, data, length);
  t->length += length;
}

static void add_byte(struct text *t, u8 byte) { add(t, &byte, 1); }

static void add_string(struct text *t, const void *data, size_t length) {
  u8 head[4];
  put32(head, length);
  add(t, head, 4);
  add(t, data, length);
}

static void add_name(struct text *t, const char *name) { add_string(t, name, strlen(name)); }

/* The lists of numbers of sntrup761 as bytes: pairs are joined, and give bytes off from below. */
static void encode(u8 **out, uint16_t *numbers, uint16_t *moduli, int count) {
  if (count == 1) {
    uint32_t n = numbers[0], m = moduli[0];
    for (; m > 1; m = (m + 255) >> 8, n >>= 8) *(*out)++ = n;
    return;
  }
  for (int i = 0; i + 1 < count; i += 2) {
    uint32_t n = numbers[i] + (uint32_t)numbers[i + 1] * moduli[i];
    uint32_t m = (uint32_t)moduli[i] * moduli[i + 1];
    for (; m >= 16384; m = (m + 255) >> 8, n >>= 8) *(*out)++ = n;
    numbers[i / 2] = n;
    moduli[i / 2] = m;
  }
  if (count & 1) {
    numbers[count / 2] = numbers[count - 1];
    moduli[count / 2] = moduli[count - 1];
  }
  encode(out, numbers, moduli, (count + 1) / 2);
}

static void decode(const u8 *in, uint16_t *numbers, const uint16_t *moduli, int count) {
  if (count == 1) {
    numbers[0] = (in[0] | (moduli[0] > 256 ? in[1] << 8 : 0)) % moduli[0];
    return;
  }
  uint32_t low[P];
  uint16_t joined[P], upper[P];
  int shift[P];
  for (int i = 0; i + 1 < count; i += 2) {
    uint32_t m = (uint32_t)moduli[i] * moduli[i + 1];
    low[i] = shift[i] = 0;
    for (; m >= 16384; m = (m + 255) >> 8, shift[i] += 8) low[i] |= (uint32_t)*in++ << shift[i];
    joined[i / 2] = m;
  }
  if (count & 1) joined[count / 2] = moduli[count - 1];
  decode(in, upper, joined, (count + 1) / 2);
  for (int i = 0; i + 1 < count; i += 2) {
    uint32_t n = ((uint32_t)upper[i / 2] << shift[i]) + low[i];
    numbers[i] = n % moduli[i];
    numbers[i + 1] = n / moduli[i] % moduli[i + 1];
  }
  if (count & 1) numbers[count - 1] = upper[count / 2];
}

static void sha512_half(u8 prefix, const u8 *a, size_t a_length, const u8 *b, size_t b_length, u8 *out) {
  u8 whole[64];
  EVP_MD_CTX *c = EVP_MD_CTX_new();
  EVP_DigestInit_ex(c, EVP_sha512(), NULL);
  EVP_DigestUpdate(c, &prefix, 1);
  EVP_DigestUpdate(c, a, a_length);
  EVP_DigestUpdate(c, b, b_length);
  EVP_DigestFinal_ex(c, whole, NULL);
  EVP_MD_CTX_free(c);
  memcpy(out, whole, 32);
}

static void sntrup_public(u8 *out) {
  uint16_t numbers[P], moduli[P];
  for (int i = 0; i < P; i++) numbers[i] = 2295 + (i == 0 ? 3 : 0), moduli[i] = 4591;
  encode(&out, numbers, moduli, P);
}

/* What the server has hidden in its ciphertext for the key 3: three times the short polynomial. */
static void sntrup_secret(const u8 *ciphertext, u8 *out) {
  uint16_t numbers[P], moduli[P];
  u8 small[(P + 3) / 4] = { 0 }, session[32];
  for (int i = 0; i < P; i++) moduli[i] = 1531;
  decode(ciphertext, numbers, moduli, P);
  for (int i = 0; i < P; i++) small[i / 4] |= (numbers[i] - 764) << i % 4 * 2;
  sha512_half(3, small, sizeof small, NULL, 0, session);
  sha512_half(1, session, 32, ciphertext, CIPHERTEXT, out);
}

static void agree(const u8 *theirs, u8 *out) {
  size_t length = 32;
  EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, theirs, 32);
  EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(own_key, NULL);
  if (EVP_PKEY_derive_init(c) < 1 || EVP_PKEY_derive_set_peer(c, peer) < 1 ||
      EVP_PKEY_derive(c, out, &length) < 1) exit(3);
  EVP_PKEY_CTX_free(c);
  EVP_PKEY_free(peer);
}

static void stream(const u8 *key, uint32_t counter, uint32_t sequence, u8 *data, size_t length) {
  u8 iv[16] = { counter };
  int n;
  put32(iv + 12, sequence);
  EVP_EncryptInit_ex(chacha, EVP_chacha20(), NULL, key, iv);
  EVP_EncryptUpdate(chacha, data, &n, data, length);
}

static void put_packet(struct conn *c, struct text *out, const u8 *payload, size_t length) {
  int head = c->is_open ? 1 : 5;
  size_t padding = 8 - (head + length) % 8;
  if (padding < 4) padding += 8;
  u8 *packet = out->data + out->length;
  memset(packet, 0, 5 + length + padding);
  put32(packet, 1 + length + padding);
  packet[4] = padding;
  memcpy(packet + 5, payload, length);
  size_t total = 5 + length + padding;
  if (c->is_open) {
    u8 key[32] = { 0 };
    size_t n;
    stream(c->out_key, 0, c->sent, key, 32);
    stream(c->out_key + 32, 0, c->sent, packet, 4);
    stream(c->out_key, 1, c->sent, packet + 4, total - 4);
    EVP_MAC_init(poly, key, 32, NULL);
    EVP_MAC_update(poly, packet, total);
    EVP_MAC_final(poly, packet + total, &n, 16);
    total += 16;
  }
  out->length += total;
  c->sent++;
}

static int send_all(struct conn *c, struct text *t) {
  return write(c->fd, t->data, t->length) == (ssize_t)t->length;
}

/* The key and the exchange hash, and from them what both directions are encrypted with. */
static int take_reply(struct conn *c, const u8 *payload, size_t length) {
  static struct text t;
  size_t host_length = get32(payload + 1);
  if (length < 9 + host_length) return 0;
  const u8 *theirs = payload + 9 + host_length;
  size_t theirs_length = get32(theirs - 4);
  if (theirs_length != (is_hybrid ? CIPHERTEXT + 32 : 32)) return 0;
  u8 shared[64], secret[69];
  size_t secret_length;
  agree(theirs + (is_hybrid ? CIPHERTEXT : 0), shared + 32);
  if (is_hybrid) {
    sntrup_secret(theirs, shared);
    put32(secret, 64);
    EVP_Digest(shared, 64, secret + 4, NULL, EVP_sha512(), NULL);
    secret_length = 68;
  } else {
    const u8 *from = shared + 32;
    size_t n = 32;
    while (n > 0 && *from == 0) from++, n--;
    int pad = n > 0 && *from >= 0x80;
    put32(secret, n + pad);
    secret[4] = 0;
    memcpy(secret + 4 + pad, from, n);
    secret_length = 4 + pad + n;
  }
  t.length = 0;
  add_name(&t, LINE);
  add_name(&t, c->line);
  add_string(&t, own_kexinit, own_kexinit_length);
  add_string(&t, c->kexinit, c->kexinit_length);
  add(&t, payload + 1, 4 + host_length);
  add_string(&t, own_public, own_public_length);
  add_string(&t, theirs, theirs_length);
  add(&t, secret, secret_length);
  EVP_Digest(t.data, t.length, c->hash, NULL, md, NULL);
  for (int way = 0; way < 2; way++) {
    u8 whole[128];
    t.length = 0;
    add(&t, secret, secret_length);
    add(&t, c->hash, hash_length);
    size_t start = t.length;
    add_byte(&t, way == 0 ? 'C' : 'D');
    add(&t, c->hash, hash_length);
    EVP_Digest(t.data, t.length, whole, NULL, md, NULL);
    t.length = start;
    add(&t, whole, hash_length);
    EVP_Digest(t.data, t.length, whole + hash_length, NULL, md, NULL);
    memcpy(way == 0 ? c->out_key : c->in_key, whole, 64);
  }
  free(c->kexinit);
  c->kexinit = NULL;
  return 1;
}

/* Answers a packet: 0 to go on, 1 when the connection is where it is meant to come, -1 on failure. */
static int answer(struct conn *c, u8 *payload, size_t length) {
  struct text packet = { .length = 0 }, out = { .length = 0 };
  switch (payload[0]) {
    case 20: /* KEXINIT */
      c->kexinit = malloc(length);
      memcpy(c->kexinit, payload, c->kexinit_length = length);
      add_byte(&packet, 30);
      add_string(&packet, own_public, own_public_length);
      put_packet(c, &out, packet.data, packet.length);
      return send_all(c, &out) ? 0 : -1;
    case 31: /* KEX_ECDH_REPLY */
      return take_reply(c, payload, length) ? 0 : -1;
    case 21: /* NEWKEYS */
      put_packet(c, &out, payload, 1);
      c->is_open = 1;
      c->sent = c->received = 0;
      add_byte(&packet, 5);
      add_name(&packet, "ssh-userauth");
      put_packet(c, &out, packet.data, packet.length);
      return send_all(c, &out) ? 0 : -1;
    case 7: /* EXT_INFO */
      return 0;
    case 6: /* SERVICE_ACCEPT */
      if (until == READY) return 1;
      add_byte(&packet, 50);
      add_name(&packet, "root");
      add_name(&packet, "ssh-connection");
      add_name(&packet, "password");
      add_byte(&packet, 0);
      add_name(&packet, "123456");
      put_packet(c, &out, packet.data, packet.length);
      if (!send_all(c, &out)) return -1;
      return until == PASSWORD ? 1 : 0;
    case 51: /* USERAUTH_FAILURE */
      return 1;
    default:
      return -1;
  }
}

static int greet(struct conn *c) {
  struct text out = { .length = 0 };
  add(&out, LINE "\r\n", strlen(LINE) + 2);
  put_packet(c, &out, own_kexinit, own_kexinit_length);
  return send_all(c, &out) ? 0 : -1;
}

/* Takes what has come as far as it goes. */
static int advance(struct conn *c) {
  for (;;) {
    ssize_t n = read(c->fd, c->in + c->have, BUFFER - c->have);
    if (n < 0 && errno == EAGAIN) return 0;
    if (n <= 0) return -1;
    c->have += n;
    for (;;) {
      size_t taken;
      if (!c->is_line) {
        u8 *end = memmem(c->in, c->have, "\r\n", 2);
        if (end == NULL) break;
        *end = 0;
        strncpy(c->line, (char *)c->in, sizeof c->line - 1);
        c->is_line = 1;
        taken = end + 2 - c->in;
        if (greet(c) < 0) return -1;
      } else {
        if (c->have < 4) break;
        u8 head[4];
        memcpy(head, c->in, 4);
        if (c->is_open) stream(c->in_key + 32, 0, c->received, head, 4);
        size_t length = get32(head);
        if (length > BUFFER - 20) return -1;
        taken = 4 + length + (c->is_open ? 16 : 0);
        if (c->have < taken) break;
        if (c->is_open) stream(c->in_key, 1, c->received, c->in + 4, length);
        c->received++;
        int verdict = answer(c, c->in + 5, length - 1 - c->in[4]);
        if (verdict != 0) return verdict;
      }
      memmove(c->in, c->in + taken, c->have -= taken);
    }
  }
}

static int dial(int from) {
  struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
  struct sockaddr_in me = { .sin_family = AF_INET };
  int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (fd < 0) { perror("socket"); exit(1); }
  setsockopt(fd, SOL_IP, 24 /* IP_BIND_ADDRESS_NO_PORT */, &one, sizeof one);
  setsockopt(fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, &one, sizeof one);
  me.sin_addr.s_addr = htonl(0x7f000001 + from);
  if (bind(fd, (void *)&me, sizeof me) < 0) { perror("bind"); exit(1); }
  to.sin_addr.s_addr = htonl(0x7f000001);
  if (connect(fd, (void *)&to, sizeof to) < 0 && errno != EINPROGRESS) { perror("connect"); exit(1); }
  return fd;
}

/* The lists of a stock OpenSSH 9.2 client, the wanted method in front. */
static void make_kexinit(void) {
  struct text t = { .length = 0 };
  char methods[1024];
  snprintf(methods, sizeof methods, "%s,%s", kex,
    "ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,diffie-hellman-group-exchange-sha256,"
    "diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,diffie-hellman-group14-sha256,"
    "ext-info-c,kex-strict-c-v00@openssh.com");
  const char *ciphers = "chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,"
    "aes128-gcm@openssh.com,aes256-gcm@openssh.com";
  const char *macs = "umac-64-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-256-etm@openssh.com,"
    "hmac-sha2-512-etm@openssh.com,hmac-sha1-etm@openssh.com,umac-64@openssh.com,"
    "umac-128@openssh.com,hmac-sha2-256,hmac-sha2-512,hmac-sha1";
  const char *lists[] = { methods, "ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-512,rsa-sha2-256",
    ciphers, ciphers, macs, macs, "none,zlib@openssh.com,zlib", "none,zlib@openssh.com,zlib", "", "" };
  u8 zeros[17] = { 0 };
  add_byte(&t, 20);
  add(&t, zeros, 16);
  for (int i = 0; i < 10; i++) add_name(&t, lists[i]);
  add(&t, zeros, 5);
  memcpy(own_kexinit, t.data, own_kexinit_length = t.length);
}

int main(int argc, char **argv) {
  if (argc < 6) return 2;
  struct rlimit most;
  getrlimit(RLIMIT_NOFILE, &most);
  most.rlim_cur = most.rlim_max;
  setrlimit(RLIMIT_NOFILE, &most);
  port = atoi(argv[1]);
  int total = atoi(argv[2]), parallel = atoi(argv[3]), sources = argc > 6 ? atoi(argv[6]) : 64;
  kex = argv[4];
  until = !strcmp(argv[5], "ready") ? READY : !strcmp(argv[5], "password") ? PASSWORD : FAILURE;
  is_hybrid = !strncmp(kex, "sntrup", 6);
  md = is_hybrid ? EVP_sha512() : EVP_sha256();
  hash_length = is_hybrid ? 64 : 32;
  chacha = EVP_CIPHER_CTX_new();
  poly = EVP_MAC_CTX_new(EVP_MAC_fetch(NULL, "POLY1305", NULL));
  own_key = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
  if (is_hybrid) sntrup_public(own_public);
  size_t key_length = 32;
  EVP_PKEY_get_raw_public_key(own_key, own_public + (is_hybrid ? SNTRUP_PUBLIC : 0), &key_length);
  own_public_length = 32 + (is_hybrid ? SNTRUP_PUBLIC : 0);
  make_kexinit();

  int ep = epoll_create1(0), started = 0, done = 0, failed = 0, active = 0;
  double start = now();
  while (done + failed < total) {
    while (active < parallel && started < total) {
      struct conn *c = calloc(1, sizeof *c);
      c->in = malloc(BUFFER);
      c->fd = dial(started++ % sources);
      struct epoll_event e = { .events = EPOLLIN | EPOLLET, .data.ptr = c };
      epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &e);
      active++;
    }
    struct epoll_event events[256];
    int n = epoll_wait(ep, events, 256, 30000);
    if (n <= 0) break;
    for (int i = 0; i < n; i++) {
      struct conn *c = events[i].data.ptr;
      if (c->in == NULL) continue; /* held, and ended by the server */
      int verdict = events[i].events & EPOLLERR ? -1 : advance(c);
      if (verdict == 0) continue;
      if (verdict > 0) done++; else failed++;
      active--;
      free(c->kexinit);
      free(c->in);
      c->in = NULL;
      if (until != FAILURE && verdict > 0) continue;
      close(c->fd);
      free(c);
    }
  }
  if (until == FAILURE) printf("%d %d %.4f\n", done, failed + active, now() - start);
  else if (done < total) printf("failed after %d\n", done);
  else {
    printf("held %d\n", done);
    fflush(stdout);
    char byte;
    while (read(0, &byte, 1) > 0);
  }
  return 0;
}
