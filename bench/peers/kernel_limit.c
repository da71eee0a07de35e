/* What the kernel allows: a WebSocket room that sends ready-made frames to N sockets.
 *
 *   kernel_limit PORT each|batch
 *
 * each: one send() for each message and socket; batch: all messages of a turn in one send() for
 * each socket. Speaks just enough WebSocket for bench/websocket_load.c (a constant key). */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
static int room[70000], nroom;
static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000ull + t.tv_nsec;
}
static int frame(char* o, long seq) {
  char b[1024];
  int n =
      snprintf(b, sizeof b,
               "{\"eventId\":\"evt_01J9Z0F3K8Q2W4E6R8T0%08ld\",\"timestamp\":1763850000000,"
               "\"version\":\"1.0\",\"cafeId\":\"cafe_01\",\"userId\":\"usr_staff_07\","
               "\"metadata\":{\"seq\":%ld,\"t0\":%llu,\"source\":\"kitchen\"},\"type\":\"order_"
               "status_updated\",\"data\":{\"orderId\":\"5f0c2d7e-8a4b-4c3e-9d21-7b6a5c4d3e2f\","
               "\"orderNumber\":1042,\"previousStatus\":\"preparing\",\"newStatus\":\"ready\","
               "\"updatedBy\":\"usr_kitchen_03\",\"statusChangeReason\":\"plated\"}}",
               seq, seq, (unsigned long long)now());
  o[0] = (char)0x81;
  o[1] = 126;
  o[2] = n >> 8;
  o[3] = n;
  memcpy(o + 4, b, n);
  return n + 4;
}
static void sendall(int fd, const char* p, size_t n) {
  while (n) {
    ssize_t k = send(fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (k < 0) {
      if (errno == EAGAIN) {
        struct pollfd f = {fd, POLLOUT, 0};
        poll(&f, 1, 1000);
        continue;
      }
      return;
    }
    p += k;
    n -= k;
  }
}
int main(int ac, char** av) {
  (void)ac;
  int port = atoi(av[1]), batch = !strcmp(av[2], "batch");
  struct rlimit rl;
  getrlimit(RLIMIT_NOFILE, &rl);
  rl.rlim_cur = rl.rlim_max;
  setrlimit(RLIMIT_NOFILE, &rl);
  int l = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
  setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in a = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(l, (void*)&a, sizeof a)) {
    perror("bind");
    return 1;
  }
  listen(l, 4096);
  int ep = epoll_create1(0);
  struct epoll_event ev = {.events = EPOLLIN, .data.fd = l}, es[256];
  epoll_ctl(ep, EPOLL_CTL_ADD, l, &ev);
  long left = 0, seq = 0, B = 1, rate = 0;
  uint64_t next = 0;
  static char buf[65536], out[1 << 20];
  for (;;) {
    int to = left ? (rate ? 1 : 0) : 1000;
    int k = epoll_wait(ep, es, 256, to);
    for (int i = 0; i < k; i++) {
      int fd = es[i].data.fd;
      if (fd == l) {
        int c;
        while ((c = accept4(l, 0, 0, SOCK_NONBLOCK)) >= 0) {
          setsockopt(c, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
          ev.events = EPOLLIN;
          ev.data.fd = c;
          epoll_ctl(ep, EPOLL_CTL_ADD, c, &ev);
        }
        continue;
      }
      ssize_t n = recv(fd, buf, sizeof buf - 1, 0);
      if (n <= 0) {
        close(fd);
        continue;
      }
      buf[n] = 0;
      if (!strncmp(buf, "GET ", 4)) {
        const char* r =
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "
            "Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
        sendall(fd, r, strlen(r));
        room[nroom++] = fd;
      } else if ((buf[0] & 15) == 1) {
        int m = buf[1] & 127;
        for (int j = 0; j < m; j++)
          buf[6 + j] ^= buf[2 + (j & 3)];
        buf[6 + m] = 0;
        char mode[16];
        sscanf(buf + 6, "start:%15[^:]:%ld:%ld:%ld", mode, &left, &rate, &B);
        seq = 0;
        next = now();
      }
    }
    if (!left)
      continue;
    if (rate) {
      if (now() < next)
        continue;
      next += 1000000000ull / rate;
    }
    long b = B < left ? B : left;
    size_t n = 0;
    if (batch) {
      for (long j = 0; j < b; j++)
        n += frame(out + n, seq++);
      for (int r = 0; r < nroom; r++)
        sendall(room[r], out, n);
    } else
      for (long j = 0; j < b; j++) {
        n = frame(out, seq++);
        for (int r = 0; r < nroom; r++)
          sendall(room[r], out, n);
      }
    left -= b;
  }
}
