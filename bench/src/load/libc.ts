// Socket calls of the C library, by bun:ffi. The runtime's own sockets allocate a buffer and a callback for every read; at 200,000 reads
// a second that would cost more than the measured server. Linux only, as /proc is.
import { dlopen, type Pointer, ptr, read } from "bun:ffi";

const signatures = {
	socket: { args: ["i32", "i32", "i32"], returns: "i32" },
	bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
	connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
	setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
	recv: { args: ["i32", "ptr", "u64", "i32"], returns: "i32" },
	send: { args: ["i32", "ptr", "u64", "i32"], returns: "i32" },
	close: { args: ["i32"], returns: "i32" },
	epoll_create1: { args: ["i32"], returns: "i32" },
	epoll_ctl: { args: ["i32", "i32", "i32", "ptr"], returns: "i32" },
	epoll_wait: { args: ["i32", "ptr", "i32", "i32"], returns: "i32" },
	__errno_location: { args: [], returns: "ptr" },
} as const;

const c = open();

const EAGAIN = 11;
const EINTR = 4;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_LINGER = 13;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;

/** A new TCP connection from a loopback address. Blocks for the handshake, which the kernel completes at once on loopback. */
export function connectTcp(from: string, port: number, receiveBytes?: number): number {
	const fd = c.socket(2, 1, 0);
	if (fd < 0) throw new Error(`no socket: errno ${errno()} (how many files may this process have open?)`);
	option(fd, IPPROTO_TCP, TCP_NODELAY, [1]);
	if (receiveBytes !== undefined) option(fd, SOL_SOCKET, SO_RCVBUF, [receiveBytes]);
	const failed = c.bind(fd, ptr(address(from, 0)), 16) < 0 || c.connect(fd, ptr(address("127.0.0.1", port)), 16) < 0;
	if (!failed) return fd;
	const code = errno();
	c.close(fd);
	throw new Error(`no connection from ${from} to port ${port}: errno ${code}`);
}

/** Bytes read, 0 at the end or where the connection is lost, -1 where nothing is there now. */
export function receive(fd: number, to: Pointer, room: number): number {
	const got = c.recv(fd, to, room, MSG_DONTWAIT);
	if (got >= 0) return got;
	const code = errno();
	return code === EAGAIN || code === EINTR ? -1 : 0;
}

/** How many bytes were taken; -1 where the connection is lost. */
export function transmit(fd: number, bytes: Uint8Array): number {
	const sent = c.send(fd, ptr(bytes), bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent >= 0) return sent;
	const code = errno();
	return code === EAGAIN || code === EINTR ? 0 : -1;
}

/** Closes a connection. `reset`: by RST, which leaves no port in TIME_WAIT here. */
export function close(fd: number, reset: boolean): void {
	if (reset) option(fd, SOL_SOCKET, SO_LINGER, [1, 0]);
	c.close(fd);
}

/** epoll(7), level-triggered, for reading. */
export class Epoll {
	private readonly fd = c.epoll_create1(0);
	// The kernel packs the event on x86-64 and aligns it elsewhere.
	private readonly words = process.arch === "x64" ? 3 : 4;
	private readonly events = new Int32Array(EVENTS_MAX * this.words);
	private readonly eventsAt = ptr(this.events);
	private readonly one = new Int32Array(this.words);

	add(fd: number): void {
		this.one[0] = EPOLLIN;
		this.one[this.words - 2] = fd;
		this.control(EPOLL_CTL_ADD, fd);
	}

	remove(fd: number): void {
		this.control(EPOLL_CTL_DEL, fd);
	}

	/** Waits up to so many milliseconds and gives the number of connections that `ready` names. */
	wait(timeoutMs: number): number {
		return Math.max(0, c.epoll_wait(this.fd, this.eventsAt, EVENTS_MAX, timeoutMs));
	}

	ready(index: number): number {
		return this.events[index * this.words + this.words - 2] ?? -1;
	}

	close(): void {
		c.close(this.fd);
	}

	private control(operation: number, fd: number): void {
		if (c.epoll_ctl(this.fd, operation, fd, ptr(this.one)) < 0) throw new Error(`epoll_ctl: errno ${errno()}`);
	}
}

const EPOLLIN = 1;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EVENTS_MAX = 1024;

function option(fd: number, level: number, name: number, values: readonly number[]): void {
	c.setsockopt(fd, level, name, ptr(Int32Array.from(values)), values.length * 4);
}

/** A sockaddr_in. */
function address(host: string, port: number): Uint8Array {
	return Uint8Array.from([2, 0, port >> 8, port & 255, ...host.split(".").map(Number), 0, 0, 0, 0, 0, 0, 0, 0]);
}

function errno(): number {
	const at = c.__errno_location();
	return at === null ? 0 : read.i32(at, 0);
}

function open() {
	const names = ["libc.so.6", `libc.musl-${process.arch === "x64" ? "x86_64" : "aarch64"}.so.1`];
	for (const name of names) {
		try {
			return dlopen(name, signatures).symbols;
		} catch {}
	}
	throw new Error(`the load generator needs Linux and its C library (${names.join(" or ")})`);
}
