/* Loads a WebSocket server and counts what comes back: one thread, epoll, no dependencies.
 *
 * Opens N connections, plays a script on each, fires one trigger, and counts messages (not frames)
 * at every connection. Prints one JSON object. bench/fan_out.py compiles and runs it.
 *
 *   -p port -P path   the first %d in a path or a frame becomes the connection's number
 *   -n connections, -c of which so many are being opened at once
 *   -H header         a further line of the handshake
 *   -S frame          script: send this text; %t becomes the connection's line of the file -F
 *   -W text           script: wait for a frame with this text
 *   -G trigger        sent when all have finished their scripts: as a frame on connection 0, or
 *                     with -g port as a line to that TCP port
 *   -M messages       that each connection is to get; -T seconds, after which it gives up
 *   -m marker         what stands before a message's number (default seq); "t0" stands before
 *                     the moment of its publication (CLOCK_MONOTONIC, ns)
 *   -K pid            of the server: its CPU time (all threads) and memory are read
 *   -I seconds        of idling before memory is read
 *   -L count -r bytes so many connections stop reading at the trigger; their receive buffers
 *   -b                poll while receiving, so that the server does not pay for waking us: a
 *                     network card would not bill that to the sender either
 *   -a                answer engine.io's pings
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ST_NONE, ST_CONN, ST_HS, ST_SCRIPT, ST_READY, ST_DEAD };
typedef struct {
  int fd, state, step, slow;
  unsigned char* left;
  size_t nleft, cleft;
  unsigned char* frag;
  size_t nfrag; /* continuation reassembly */
  uint64_t* bits;
  int64_t maxseq;
  uint32_t got;
  uint64_t t_start;
} conn;
typedef struct {
  int kind;
  char* text;
} step;

static int port = 8000, N = 100, inflight = 64, eio = 0, busy = 0, nsteps = 0, nhdr = 0, nslow = 0,
           rcvbuf = 0;
static char *path = "/", *hdr[32], *trigger = NULL, *marker = "seq";
static size_t mlen = 3;
static step steps[32];
static long M = 0;
static double T = 30, idle_s = 0;
static int spid = 0;
static conn* cs;
static int ep, nready = 0, ndead = 0, nopening = 0, nextc = 0;
static uint64_t hsum = 0, hmax = 0;
static uint64_t deliveries = 0, frames = 0, dup_ = 0, ooo = 0, unique_ = 0, bytes_in = 0, pings = 0,
                reads_ = 0, closes = 0;
static uint64_t t_first = 0, t_last = 0, t_trigger = 0;
#define SUB 64
static uint64_t hist[64 * SUB], lat_n = 0, lat_max = 0;
static unsigned char* big;
static const size_t BIG = 1 << 20;
static int counting = 0;

static int control = 0;
static char** tokens = NULL;
static int ntokens = 0;
static void read_tokens(char* p) {
  FILE* f = fopen(p, "r");
  char l[8192];
  while (fgets(l, sizeof l, f)) {
    l[strcspn(l, "\n")] = 0;
    tokens = realloc(tokens, (ntokens + 1) * sizeof *tokens);
    tokens[ntokens++] = strdup(l);
  }
  fclose(f);
}
static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000ull + t.tv_nsec;
}
static void hadd(uint64_t v) {
  int b = 63 - __builtin_clzll(v | 64);
  uint64_t s = (v >> (b - 6)) & 63;
  hist[b * SUB + s]++;
  lat_n++;
  if (v > lat_max)
    lat_max = v;
}
static double hq(double q) {
  uint64_t want = (uint64_t)(q * lat_n), c = 0;
  if (!lat_n)
    return 0;
  for (int i = 0; i < 64 * SUB; i++) {
    c += hist[i];
    if (c > want) {
      int b = i / SUB, s = i % SUB;
      return b < 6 ? s : (double)(((uint64_t)(64 + s)) << (b - 6));
    }
  }
  return lat_max;
}
static uint64_t cpu_ns(int pid) { /* CPU of all threads, ns */
  char p[64];
  snprintf(p, sizeof p, "/proc/%d/task", pid);
  DIR* d = opendir(p);
  if (!d)
    return 0;
  struct dirent* e;
  uint64_t sum = 0;
  while ((e = readdir(d))) {
    if (!isdigit(e->d_name[0]))
      continue;
    char q[400];
    snprintf(q, sizeof q, "/proc/%d/task/%s/schedstat", pid, e->d_name);
    FILE* f = fopen(q, "r");
    unsigned long long a;
    if (f) {
      if (fscanf(f, "%llu", &a) == 1)
        sum += a;
      fclose(f);
    }
  }
  closedir(d);
  return sum;
}
static void cpu_us(int pid, double* u, double* s) { /* user / system seconds from /proc/PID/stat */
  char p[64], buf[2048];
  *u = *s = 0;
  snprintf(p, sizeof p, "/proc/%d/stat", pid);
  FILE* f = fopen(p, "r");
  if (!f)
    return;
  size_t n = fread(buf, 1, sizeof buf - 1, f);
  buf[n] = 0;
  fclose(f);
  char* q = strrchr(buf, ')');
  if (!q)
    return;
  unsigned long a, b;
  if (sscanf(q + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &a, &b) == 2) {
    double hz = sysconf(_SC_CLK_TCK);
    *u = a / hz;
    *s = b / hz;
  }
}
static long rss_kb(int pid) {
  char p[64], l[256];
  snprintf(p, sizeof p, "/proc/%d/status", pid);
  FILE* f = fopen(p, "r");
  long r = 0;
  if (!f)
    return 0;
  while (fgets(l, sizeof l, f))
    if (sscanf(l, "VmRSS: %ld", &r) == 1)
      break;
  fclose(f);
  return r;
}
static void die(conn* c) {
  if (c->state == ST_DEAD)
    return;
  if (c->state < ST_READY)
    nopening--;
  else
    nready--;
  c->state = ST_DEAD;
  ndead++;
  close(c->fd);
}
static void wr(conn* c, const void* b, size_t n) {
  const char* p = b;
  while (n) {
    ssize_t k = send(c->fd, p, n, MSG_NOSIGNAL);
    if (k < 0) {
      if (errno == EAGAIN) {
        usleep(100);
        continue;
      }
      die(c);
      return;
    }
    p += k;
    n -= k;
  }
}
static void sframe(conn* c, int op, const char* t, size_t n) {
  unsigned char h[14];
  int k = 0;
  unsigned char* o = malloc(n + 14);
  h[k++] = 0x80 | op;
  if (n < 126)
    h[k++] = 0x80 | n;
  else if (n < 65536) {
    h[k++] = 0x80 | 126;
    h[k++] = n >> 8;
    h[k++] = n;
  } else {
    h[k++] = 0x80 | 127;
    for (int i = 7; i >= 0; i--)
      h[k++] = (uint64_t)n >> (8 * i);
  }
  memset(h + k, 0, 4);
  k += 4;
  memcpy(o, h, k);
  memcpy(o + k, t, n);
  wr(c, o, k + n);
  free(o);
}
static void stext(conn* c, const char* t) {
  char b[8192];
  const char* q = strstr(t, "%t");
  if (q && ntokens) {
    int k = snprintf(b, sizeof b, "%.*s%s%s", (int)(q - t), t, tokens[(c - cs) % ntokens], q + 2);
    sframe(c, 1, b, k);
    return;
  }
  const char* p = strstr(t, "%d");
  if (p) {
    int k = snprintf(b, sizeof b, "%.*s%d%s", (int)(p - t), t, (int)(c - cs), p + 2);
    sframe(c, 1, b, k);
  } else
    sframe(c, 1, t, strlen(t));
}
static void advance(conn* c) { /* play send steps up to the next wait */
  while (c->step < nsteps && steps[c->step].kind == 'S')
    stext(c, steps[c->step++].text);
  if (c->step >= nsteps && c->state == ST_SCRIPT) {
    c->state = ST_READY;
    nopening--;
    nready++;
    uint64_t d = now() - c->t_start;
    hsum += d;
    if (d > hmax)
      hmax = d;
  }
}
static int64_t num_after(const unsigned char* p, const unsigned char* e) {
  while (p < e && (*p == '\\' || *p == '"' || *p == ':' || *p == ' '))
    p++;
  if (p >= e || !isdigit(*p))
    return -1;
  int64_t v = 0;
  while (p < e && isdigit(*p))
    v = v * 10 + (*p++ - '0');
  return v;
}
static void on_text(conn* c, unsigned char* p, size_t n, uint64_t t) {
  if (c->state == ST_SCRIPT) {
    if (c->step < nsteps && steps[c->step].kind == 'W' &&
        memmem(p, n, steps[c->step].text, strlen(steps[c->step].text))) {
      c->step++;
      advance(c);
    } else if (eio && n == 1 && *p == '2')
      sframe(c, 1, "3", 1);
    return;
  }
  if (eio && n == 1 && *p == '2') {
    sframe(c, 1, "3", 1);
    pings++;
    return;
  }
  if (!counting)
    return;
  unsigned char *e = p + n, *q = p;
  int hit = 0;
  while ((q = memmem(q, e - q, marker, mlen))) {
    q += mlen;
    int64_t s = num_after(q, e);
    if (s < 0)
      continue;
    hit = 1;
    deliveries++;
    c->got++;
    if (M && s < M) {
      uint64_t *w = c->bits + (s >> 6), m = 1ull << (s & 63);
      if (*w & m)
        dup_++;
      else {
        *w |= m;
        unique_++;
        if (s < c->maxseq)
          ooo++;
      }
    }
    if (s > c->maxseq)
      c->maxseq = s;
    unsigned char* z = memmem(q, e - q, "t0", 2);
    if (z) {
      int64_t t0 = num_after(z + 2, e);
      if (t0 > 0 && (uint64_t)t0 <= t)
        hadd(t - t0);
      q = z + 2;
    }
  }
  if (hit) {
    frames++;
    if (!t_first)
      t_first = t;
    t_last = t;
  }
}
/* parse as many frames as are complete; returns bytes used */
static size_t parse(conn* c, unsigned char* b, size_t n, uint64_t t) {
  size_t o = 0;
  if (c->state == ST_HS) {
    unsigned char* e = memmem(b, n, "\r\n\r\n", 4);
    if (!e)
      return 0;
    if (memcmp(b, "HTTP/1.1 101", 12) || !memmem(b, e - b, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", 28)) {
      if (ndead < 3)
        fprintf(stderr, "handshake refused: %.*s\n", (int)(n > 200 ? 200 : n), b);
      die(c);
      return n;
    }
    o = e - b + 4;
    c->state = ST_SCRIPT;
    advance(c);
  }
  while (n - o >= 2 && c->state != ST_DEAD) {
    unsigned char* p = b + o;
    int fin = p[0] & 0x80, op = p[0] & 15;
    uint64_t len = p[1] & 127;
    size_t h = 2;
    if (p[1] & 0x80) {
      fprintf(stderr, "masked server frame\n");
      die(c);
      return n;
    }
    if (len == 126) {
      if (n - o < 4)
        break;
      len = p[2] << 8 | p[3];
      h = 4;
    } else if (len == 127) {
      if (n - o < 10)
        break;
      len = 0;
      for (int i = 2; i < 10; i++)
        len = len << 8 | p[i];
      h = 10;
    }
    if (n - o < h + len)
      break;
    unsigned char* d = p + h;
    o += h + len;
    if (op == 9) {
      pings++;
      sframe(c, 10, (char*)d, len);
    } else if (op == 8) {
      closes++;
      die(c);
      return n;
    } else if (op == 10) {
    } else if (fin && op)
      on_text(c, d, len, t);
    else {
      c->frag = realloc(c->frag, c->nfrag + len + 1);
      memcpy(c->frag + c->nfrag, d, len);
      c->nfrag += len;
      if (fin) {
        on_text(c, c->frag, c->nfrag, t);
        c->nfrag = 0;
      }
    }
  }
  return o;
}
static void on_read(conn* c) {
  size_t k = c->nleft;
  if (k)
    memcpy(big, c->left, k);
  ssize_t r = recv(c->fd, big + k, BIG - k, 0);
  reads_++;
  if (r <= 0) {
    if (r < 0 && errno == EAGAIN)
      return;
    die(c);
    return;
  }
  bytes_in += r;
  size_t n = k + r, u = parse(c, big, n, now());
  if (c->state == ST_DEAD)
    return;
  n -= u;
  if (n > c->cleft) {
    c->left = realloc(c->left, n + 512);
    c->cleft = n + 512;
  }
  if (n)
    memcpy(c->left, big + u, n);
  c->nleft = n;
}
static void open_one(int i) {
  conn* c = cs + i;
  c->t_start = now();
  c->maxseq = -1;
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (c->fd < 0) {
    perror("socket");
    exit(1);
  }
  int one = 1;
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (rcvbuf && i >= 1 && i <= nslow)
    setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &rcvbuf, sizeof rcvbuf);
  struct sockaddr_in a = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct epoll_event ev = {.events = EPOLLOUT, .data.ptr = c};
  c->state = ST_CONN;
  nopening++;
  if (connect(c->fd, (void*)&a, sizeof a) < 0 && errno != EINPROGRESS) {
    perror("connect");
    die(c);
    return;
  }
  epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &ev);
}
static void on_connected(conn* c) {
  int err = 0;
  socklen_t l = sizeof err;
  getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &l);
  if (err) {
    fprintf(stderr, "connect: %s\n", strerror(err));
    die(c);
    return;
  }
  char pb[4096], b[8192];
  const char* p = strstr(path, "%d");
  if (p)
    snprintf(pb, sizeof pb, "%.*s%d%s", (int)(p - path), path, (int)(c - cs), p + 2);
  else
    snprintf(pb, sizeof pb, "%s", path);
  int n = snprintf(
      b, sizeof b,
      "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: "
      "Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n",
      pb, port);
  for (int i = 0; i < nhdr; i++)
    n += snprintf(b + n, sizeof b - n, "%s\r\n", hdr[i]);
  n += snprintf(b + n, sizeof b - n, "\r\n");
  struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};
  epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &ev);
  c->state = ST_HS;
  wr(c, b, n);
}
static void turn(int ms) {
  static struct epoll_event ev[512];
  int k = epoll_wait(ep, ev, 512, ms);
  for (int i = 0; i < k; i++) {
    conn* c = ev[i].data.ptr;
    if (c->state == ST_DEAD)
      continue;
    if (c->state == ST_CONN)
      on_connected(c);
    else
      on_read(c);
  }
}
static void fire(void) {
  if (!control) {
    stext(cs, trigger);
    return;
  }
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in a = {
      .sin_family = AF_INET, .sin_port = htons(control), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (connect(fd, (void*)&a, sizeof a) < 0) {
    perror("control");
    exit(1);
  }
  char b[300];
  int n = snprintf(b, sizeof b, "%s\n", trigger);
  if (write(fd, b, n) != n)
    exit(1);
  close(fd);
}
static double cpu_self(void) {
  struct rusage r;
  getrusage(RUSAGE_SELF, &r);
  return r.ru_utime.tv_sec + r.ru_stime.tv_sec + (r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}
int main(int ac, char** av) {
  int o;
  while ((o = getopt(ac, av, "p:P:n:H:S:W:G:M:T:c:K:I:L:r:m:abg:F:")) != -1)
    switch (o) {
      case 'p':
        port = atoi(optarg);
        break;
      case 'P':
        path = optarg;
        break;
      case 'n':
        N = atoi(optarg);
        break;
      case 'H':
        hdr[nhdr++] = optarg;
        break;
      case 'S':
        steps[nsteps++] = (step){'S', optarg};
        break;
      case 'W':
        steps[nsteps++] = (step){'W', optarg};
        break;
      case 'G':
        trigger = optarg;
        break;
      case 'M':
        M = atol(optarg);
        break;
      case 'T':
        T = atof(optarg);
        break;
      case 'c':
        inflight = atoi(optarg);
        break;
      case 'K':
        spid = atoi(optarg);
        break;
      case 'I':
        idle_s = atof(optarg);
        break;
      case 'L':
        nslow = atoi(optarg);
        break;
      case 'g':
        control = atoi(optarg);
        break;
      case 'F':
        read_tokens(optarg);
        break;
      case 'r':
        rcvbuf = atoi(optarg);
        break;
      case 'm':
        marker = optarg;
        mlen = strlen(marker);
        break;
      case 'a':
        eio = 1;
        break;
      case 'b':
        busy = 1;
        break;
      default:
        return 2;
    }
  struct rlimit rl;
  getrlimit(RLIMIT_NOFILE, &rl);
  rl.rlim_cur = rl.rlim_max;
  setrlimit(RLIMIT_NOFILE, &rl);
  ep = epoll_create1(0);
  cs = calloc(N, sizeof *cs);
  big = malloc(BIG + 1);
  for (int i = 0; i < N; i++)
    if (M)
      cs[i].bits = calloc((M + 63) / 64, 8);
  long rss0 = spid ? rss_kb(spid) : 0;
  uint64_t t0 = now(), c0 = spid ? cpu_ns(spid) : 0;
  uint64_t lim = t0 + 120000000000ull;
  while (nready + ndead < N && now() < lim) {
    while (nextc < N && nopening < inflight)
      open_one(nextc++);
    turn(100);
  }
  uint64_t t1 = now(), c1 = spid ? cpu_ns(spid) : 0;
  int connected = nready;
  uint64_t ti = now() + (uint64_t)(idle_s * 1e9);
  while (now() < ti)
    turn(20);
  long rss1 = spid ? rss_kb(spid) : 0;
  uint64_t ci = spid ? cpu_ns(spid) : 0;
  double u0 = 0, s0 = 0, u1 = 0, s1 = 0;
  if (spid)
    cpu_us(spid, &u0, &s0);
  double g0 = cpu_self();
  long rss2 = rss1;
  long nslow_real = 0;
  for (int i = 1; i <= nslow && i < N; i++) {
    cs[i].slow = 1;
    nslow_real++;
    epoll_ctl(ep, EPOLL_CTL_DEL, cs[i].fd, NULL);
  }
  uint64_t rd0 = reads_;
  bytes_in = 0;
  if (trigger) {
    counting = 1;
    t_trigger = now();
    fire();
    lim = t_trigger + (uint64_t)(T * 1e9);
    uint64_t want = (uint64_t)M * (connected - nslow_real);
    while (now() < lim && (!M || unique_ < want) && nready > 0)
      turn(busy ? 0 : 50);
  }
  uint64_t t2 = now();
  double g1 = cpu_self();
  uint64_t c2 = spid ? cpu_ns(spid) : 0;
  if (spid) {
    rss2 = rss_kb(spid);
    cpu_us(spid, &u1, &s1);
  }
  uint64_t tx = now() + 50000000ull;
  while (now() < tx)
    turn(10); /* late duplicates */
  double win = t_last > t_trigger ? (t_last - t_trigger) / 1e9 : 0;
  uint64_t want = (uint64_t)M * (connected - nslow_real);
  printf(
      "{\"conns\":%d,\"connected\":%d,\"dead\":%d,\"connect_s\":%.3f,\"handshakes_s\":%.0f,"
      "\"handshake_avg_ms\":%.2f,\"handshake_max_ms\":%.2f,\"srv_us_per_handshake\":%.1f,"
      "\"rss0_kb\":%ld,\"rss1_kb\":%ld,\"rss2_kb\":%ld,\"kb_per_conn\":%.2f,"
      "\"deliveries\":%llu,\"frames\":%llu,\"reads\":%llu,\"bytes\":%llu,\"window_s\":%.4f,"
      "\"deliveries_s\":%.0f,\"srv_us_per_delivery\":%.3f,\"srv_cpu_s\":%.3f,\"srv_user_s\":%.2f,"
      "\"srv_sys_s\":%.2f,\"srv_util\":%.3f,\"gen_util\":%.3f,"
      "\"p50_ms\":%.3f,\"p90_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f,\"missing\":%lld,"
      "\"duplicated\":%llu,\"out_of_order\":%llu,\"pings\":%llu,\"closes\":%llu}\n",
      N, connected, ndead, (t1 - t0) / 1e9, connected / ((t1 - t0) / 1e9),
      connected ? hsum / 1e6 / connected : 0, hmax / 1e6,
      connected ? (c1 - c0) / 1e3 / connected : 0, rss0, rss1, rss2,
      connected ? (double)(rss1 - rss0) / connected : 0, (unsigned long long)deliveries,
      (unsigned long long)frames, (unsigned long long)(reads_ - rd0), (unsigned long long)bytes_in,
      win, win > 0 ? deliveries / win : 0, deliveries ? (c2 - ci) / 1e3 / deliveries : 0,
      (c2 - ci) / 1e9, u1 - u0, s1 - s0, (c2 - ci) / (double)(t2 - t_trigger ? t2 - t_trigger : 1),
      (g1 - g0) / ((t2 - t_trigger) / 1e9 + 1e-9), hq(.5) / 1e6, hq(.9) / 1e6, hq(.99) / 1e6,
      lat_max / 1e6, (long long)(want - unique_), (unsigned long long)dup_, (unsigned long long)ooo,
      (unsigned long long)pings, (unsigned long long)closes);
  struct linger lg = {1, 0};
  for (int i = 0; i < N; i++)
    if (cs[i].state != ST_DEAD && cs[i].state) {
      setsockopt(cs[i].fd, SOL_SOCKET, SO_LINGER, &lg, sizeof lg);
      close(cs[i].fd);
    }
  return 0;
}
