/*
 * The limit: a program that only copies bytes. One thread, epoll, frames of a 4-byte big-endian length and a body. Whatever a
 * connection sends goes to every connection, itself included. It stores nothing, checks nothing, answers nothing.
 *
 * Strategy: all whole frames of one read go to each receiver in one write, as they came; so a burst that arrives together leaves
 * together, and otherwise there is one write per receiver and message. What a receiver's socket does not take waits in a buffer of
 * that receiver until the socket is writable again: nothing is lost, as in the servers that are measured beside it.
 *
 * Prints the port that it listens on. Usage: relay [port]
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_BYTES = 256 * 1024, FRAME_BYTES_MAX = 64 * 1024, EVENTS_MAX = 1024, FDS_MAX = 1 << 16, HEAD = 4 };

struct connection {
	int fd;
	/* Place in `all`. */
	int place;
	/* The beginning of a frame whose end has not arrived. */
	char *in;
	size_t in_bytes;
	/* What the socket did not take. */
	char *out;
	size_t out_bytes, out_room;
	int is_lost;
};

static struct connection *all[FDS_MAX];
static int count;
static int epoll_fd;
static char buffer[FRAME_BYTES_MAX + HEAD + READ_BYTES];

static void must(int result, const char *what) {
	if (result >= 0) return;
	perror(what);
	exit(1);
}

static void watch(struct connection *c, int operation, uint32_t events) {
	struct epoll_event event = {.events = events, .data.ptr = c};
	must(epoll_ctl(epoll_fd, operation, c->fd, &event), "epoll_ctl");
}

static void keep(struct connection *c, const char *bytes, size_t length) {
	if (c->out_bytes + length > c->out_room) {
		c->out_room = (c->out_bytes + length) * 2;
		c->out = realloc(c->out, c->out_room);
		if (c->out == NULL) must(-1, "realloc");
	}
	memcpy(c->out + c->out_bytes, bytes, length);
	c->out_bytes += length;
}

/* As much as the socket takes; a lost connection is closed when its own event comes. */
static ssize_t put(struct connection *c, const char *bytes, size_t length) {
	ssize_t sent = send(c->fd, bytes, length, MSG_NOSIGNAL);
	if (sent >= 0) return sent;
	if (errno == EAGAIN || errno == EINTR) return 0;
	c->is_lost = 1;
	return (ssize_t)length;
}

static void deliver(struct connection *c, const char *bytes, size_t length) {
	if (c->is_lost) return;
	size_t sent = c->out_bytes > 0 ? 0 : (size_t)put(c, bytes, length);
	if (sent == length) return;
	if (c->out_bytes == 0) watch(c, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
	keep(c, bytes + sent, length - sent);
}

static void flush(struct connection *c) {
	size_t sent = (size_t)put(c, c->out, c->out_bytes);
	c->out_bytes -= sent;
	memmove(c->out, c->out + sent, c->out_bytes);
	if (c->out_bytes == 0) watch(c, EPOLL_CTL_MOD, EPOLLIN);
}

static void lose(struct connection *c) {
	close(c->fd);
	all[c->place] = all[--count];
	all[c->place]->place = c->place;
	free(c->in);
	free(c->out);
	free(c);
}

/* The bytes of whole frames at the start of `bytes`; -1 for a length that is too great. */
static ssize_t whole(const char *bytes, size_t length) {
	size_t at = 0;
	while (length - at >= HEAD) {
		uint32_t body;
		memcpy(&body, bytes + at, HEAD);
		body = ntohl(body);
		if (body > FRAME_BYTES_MAX) return -1;
		if (length - at < HEAD + body) break;
		at += HEAD + body;
	}
	return (ssize_t)at;
}

/* 0 where the connection has ended. */
static int take(struct connection *c) {
	size_t rest = c->in_bytes;
	if (rest > 0) memcpy(buffer, c->in, rest);
	ssize_t got = recv(c->fd, buffer + rest, READ_BYTES, 0);
	if (got < 0) return errno == EAGAIN || errno == EINTR;
	if (got == 0) return 0;
	size_t length = rest + (size_t)got;
	ssize_t frames = whole(buffer, length);
	if (frames < 0) return 0;
	if (frames > 0)
		for (int i = 0; i < count; i++) deliver(all[i], buffer, (size_t)frames);
	c->in_bytes = length - (size_t)frames;
	if (c->in_bytes > 0) {
		c->in = realloc(c->in, c->in_bytes);
		if (c->in == NULL) must(-1, "realloc");
		memcpy(c->in, buffer + frames, c->in_bytes);
	}
	return 1;
}

static void greet(int listener) {
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
		if (fd < 0) return;
		if (count == FDS_MAX) {
			close(fd);
			continue;
		}
		int yes = 1;
		must(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes), "TCP_NODELAY");
		struct connection *c = calloc(1, sizeof *c);
		if (c == NULL) must(-1, "calloc");
		c->fd = fd;
		c->place = count;
		all[count++] = c;
		watch(c, EPOLL_CTL_ADD, EPOLLIN);
	}
}

int main(int argc, char **argv) {
	signal(SIGPIPE, SIG_IGN);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	must(listener, "socket");
	int yes = 1;
	must(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes), "SO_REUSEADDR");
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(argc > 1 ? (uint16_t)atoi(argv[1]) : 0)};
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	must(bind(listener, (struct sockaddr *)&address, sizeof address), "bind");
	must(listen(listener, 4096), "listen");
	socklen_t size = sizeof address;
	must(getsockname(listener, (struct sockaddr *)&address, &size), "getsockname");
	epoll_fd = epoll_create1(0);
	must(epoll_fd, "epoll_create1");
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
	must(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &event), "epoll_ctl");
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);

	struct epoll_event events[EVENTS_MAX];
	for (;;) {
		int ready = epoll_wait(epoll_fd, events, EVENTS_MAX, -1);
		for (int i = 0; i < ready; i++) {
			struct connection *c = events[i].data.ptr;
			if (c == NULL) {
				greet(listener);
				continue;
			}
			if ((events[i].events & EPOLLOUT) && c->out_bytes > 0) flush(c);
			/* An ended connection is freed here, by its own event and no other: nothing later in `events` points to it. */
			if ((events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP)) && !take(c)) lose(c);
		}
	}
}
