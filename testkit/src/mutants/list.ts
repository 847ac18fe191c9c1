// Deliberate bugs, each of which the simulation must catch. A mutant is data: a piece of one source file, and what stands there
// instead when the file is loaded for the hunt (apply.ts). Production code knows nothing of it. A test holds that each piece is
// there exactly once, so a change to the code asks for a change here.
//
// Long because it is a list: each item stands alone.
//
// Those that survive say why: the bug is made harmless by something else, or needs a part that is not simulated.
import { BUS_MUTANTS } from "./bus.ts";
import { GUEST_MUTANTS } from "./guests.ts";
import { PLACE_MUTANTS } from "./places.ts";
import { REFUSED_MUTANTS } from "./refused.ts";

export interface Mutant {
	readonly name: string;
	/** From the root of the repository. */
	readonly file: string;
	readonly find: string;
	readonly replace: string;
	/** The promise that it breaks. */
	readonly breaks: string;
	/** Why it cannot be caught. Absent: it must be. */
	readonly survives?: string;
}

export const MUTANTS: readonly Mutant[] = [
	// ------------------------------------------------------------ the store: durable, once, dense
	{
		name: "acknowledge before the commit",
		file: "server/src/store/memory/memory.ts",
		find: "io.commit(drafts, () => carryOutAll(disk, drafts, limits));",
		replace: `{
			const done = carryOutAll(disk, drafts, limits);
			void io.commit(drafts, () => done);
			return Promise.resolve(done);
		};`,
		breaks: "S1: acknowledged is durable",
	},
	{
		name: "deliver before the commit",
		file: "server/src/store/memory/memory.ts",
		find: "io.commit(drafts, () => carryOutAll(disk, drafts, limits));",
		replace: `{
			const done = carryOutAll(disk, drafts, limits);
			const { settle } = require("../settle.ts") as typeof import("../settle.ts");
			if (done.rulings !== undefined) batches.announce(settle(drafts, done.rulings).committed);
			return io.commit(drafts, () => done);
		};`,
		breaks: "S3: nothing is shown before it is committed",
	},
	{
		name: "no idempotency key",
		file: "server/src/log/rooms.ts",
		find: 'if (answer !== undefined && answer !== "unknown") return again',
		replace: 'if (answer !== undefined && answer !== "unknown" && "refused" in answer) return again',
		breaks: "S5: at most one entry per sender and cid",
	},
	{
		name: "a duplicate is answered with the head",
		file: "server/src/log/rooms.ts",
		find: "first: { seq: answer.seq, atMs: answer.atMs }",
		replace: "first: { seq: view.room(answer.room)?.head ?? 0, atMs: answer.atMs }",
		breaks: "S5: a retry returns the original seq",
	},
	{
		name: "seq from the clock",
		file: "server/src/log/rooms.ts",
		find: "const seq = room.head + 1;",
		replace: "const seq = Math.max(room.head + 1, Math.floor(draft.atMs / 1_000) % 10_000);",
		breaks: "S2: 1 to n without a hole",
	},
	{
		name: "a non-member may send",
		file: "server/src/log/may.ts",
		find: 'public: ["not_member", "not_member", "yes", "yes"],\n\t\tprivate: ["no_such_room", "not_member", "yes", "yes"],',
		replace: 'public: ["yes", "yes", "yes", "yes"],\n\t\tprivate: ["yes", "yes", "yes", "yes"],',
		breaks: "S9: authorisation is in the order of the log",
	},
	{
		name: "`behind` is not checked",
		file: "server/src/log/rooms.ts",
		find: 'if (behind === "" || view.hasUsed(sender.id, behind)) return undefined;',
		replace: "if (sender.id !== behind) return undefined;",
		breaks: "S8: a sender's order is kept",
	},
	{
		name: "a failed batch is acknowledged",
		file: "server/src/store/batches.ts",
		find: "resolve(settled.outcomes[i] ?? UNAVAILABLE);",
		replace:
			'resolve(settled.outcomes[i] ?? { ok: true, entries: [], room: { id: "", kind: 1, name: "", epoch: 1, head: 1, members: 1 }, seq: 1 });',
		breaks: "S12: nothing is acknowledged that the disk has refused",
	},
	// ------------------------------------------------------------ rooms and streams: dense, once, only to members
	{
		name: "subscribe, then read: the stream is not held while a join is answered",
		file: "server/src/room/subscription.ts",
		find: 'if (this.state !== "live") return;\n\t\tif (push.from',
		replace: 'if (this.state !== "live" && this.state !== "rejoining") return;\n\t\tif (push.from',
		breaks: "S4: a join's page and its stream meet",
		survives:
			"what is pushed before the answer may be in its page as well (docs/protocol.md, join): the stream is set anew by the answer, and until then it is a correct stream. The hold saves bytes",
	},
	{
		name: "the head of a live room is raised by a read",
		file: "server/src/room/rooms.ts",
		find: "if (epoch === room.epoch) room.clampHead(head);",
		replace: "if (head > room.head) room.head = head;",
		breaks: "L2: everybody reaches the head",
	},
	{
		name: "drop without skipped: a full outbox swallows a push",
		file: "server/src/session/principal.ts",
		find: "if (this.session.outbox.full) return false;",
		replace: "if (this.session.outbox.full) return true;",
		breaks: "S4: no gap without a word",
	},
	{
		name: "heads are not sent",
		file: "server/src/session/session.ts",
		find: "heads: this.principal?.places.heads() ?? []",
		replace: "heads: []",
		breaks: "L2: everybody reaches the head",
	},
	{
		name: "a skip is not sent",
		file: "server/src/session/advance.ts",
		find: 'port.notify({\n\t\tcase: "skipped",',
		replace: 'void ({\n\t\tcase: "skipped",',
		breaks: "S4: no gap without a word",
	},
	{
		name: "membership is checked only at the beginning",
		file: "server/src/room/rooms.ts",
		find: "this.notify(user, (subscriber) => subscriber.memberLeft(room, seq));",
		replace: "",
		breaks: "S9: nothing after a leave",
	},
	{
		name: "a head known by a read is not clamped",
		file: "server/src/room/rooms.ts",
		find: "room.clampHead(head);",
		replace: ";",
		breaks: "S9: nothing after a leave",
		survives:
			"it takes a user who leaves over another connection in the moments in which a server that has just started welcomes them and somebody who knows more; server/test/core/membership.test.ts makes them",
	},
	{
		name: "a read beyond the last notified seq is not clamped",
		file: "server/src/room/as-of.ts",
		find: "return cut(page, Math.min(page.head, head), page.from);",
		replace: "return cut(page, page.head, page.from);",
		breaks: "S9: nothing after a leave",
	},
	{
		name: "membership changes are not sent to a subscriber that has caught up",
		file: "server/src/session/principal.ts",
		find: "dropped = this.core.ephemeralStates.keep(this, push.key, push);",
		replace: "",
		breaks: "L4: presence converges",
	},
	{
		name: "a read for a replaced subscription is sent",
		file: "server/src/session/advance.ts",
		find: '(state === "behind" || state === "stale") && cursor === before',
		replace: '(state === "behind" || state === "stale" || state === "live")',
		breaks: "S4: no delivery twice",
	},
	{
		name: "subscribers with different cursors share a read",
		file: "server/src/room/log-cache.ts",
		find: "let read = this.inFlight.get(key);",
		replace: "let read = this.inFlight.get(key) ?? this.inFlight.values().next().value;",
		breaks: "S4: each delivery is last + 1",
	},
	{
		name: "a subscriber that is behind loses its turn",
		file: "server/src/session/catch-up.ts",
		find: "// To the end of the queue.\n\t\t\t\tbehind.add(subscription);",
		replace: "",
		breaks: "L2: everybody reaches the head",
	},
	{
		name: "the server never closes a silent connection",
		file: "server/src/session/heartbeat.ts",
		find: 'if (this.missed >= this.timing.missedOffline) return { do: "give up" };',
		replace: "",
		breaks: "L4: presence converges",
	},
	{
		name: "timer on the wall clock: token buckets of senders",
		file: "server/src/limit/bucket.ts",
		find: "const nowMs = this.#clock.monotonic();\n\t\tconst flowedIn",
		replace: "const nowMs = (this.#clock as unknown as { now(): number }).now();\n\t\tconst flowedIn",
		breaks: "L1: every send ends",
		survives:
			"a clock that goes back takes nothing out of a bucket (`Math.max`), one that goes forward fills it: fairness suffers for a moment, no promise does",
	},
	{
		name: "timer on the wall clock: the timer wheel",
		file: "server/src/session/timer-wheel.ts",
		find: "const reached = Math.floor(this.clock.monotonic() / TICK_MS);",
		replace:
			"const wall = (this.clock as unknown as { now(): number }).now() - 1_767_225_600_000;\n\t\tconst reached = Math.floor(wall / TICK_MS);",
		breaks: "L2: sessions live as long as their peers",
	},
	{
		name: "a damaged frame is accepted",
		file: "protocol/src/frame/length.ts",
		find: 'return sound ? { kind: "frame", body } : { kind: "damaged" };',
		replace: 'return sound || body.length > 0 ? { kind: "frame", body } : { kind: "damaged" };',
		breaks: "S6: word for word",
	},
	// ------------------------------------------------------------ the SDK: every send out, in order, everything in, once
	{
		name: "live and catch-up overlap",
		file: "client/src/room/log-window.ts",
		find: "const fresh = run.entries.slice(this.to + 1 - run.from);",
		replace: "const fresh = run.entries.slice();",
		breaks: "S4: no delivery twice",
	},
	{
		name: "an entry after a gap is accepted as the next",
		file: "client/src/room/log-window.ts",
		find: 'if (run.from > this.to + 1) return { kind: "gap", from: this.to + 1, to: run.from - 1 };',
		replace: "",
		breaks: "S4: no gap",
	},
	{
		name: "the cursor advances to entries received but not accepted",
		file: "client/src/room/room-registry.ts",
		find: "({ id, epoch, to }) => ({ room: id, epoch, seq: to })",
		replace: "({ id, epoch, head }) => ({ room: id, epoch, seq: head })",
		breaks: "S4: no gap",
	},
	{
		name: "entries of another epoch are accepted",
		file: "client/src/room/log-window.ts",
		find: 'if (run.epoch !== this.epochNow) return { kind: "epoch" };',
		replace: "",
		breaks: "S11: a restore is told",
	},
	{
		name: "a skip is not reported to the application",
		file: "client/src/room/room.ts",
		find: 'if (range.reason === "epoch" || range.to >= range.from) this.emitter.emit("skipped", range);',
		replace: "",
		breaks: "S4: no gap without a word",
	},
	{
		name: "a send is not retried after a reconnect",
		file: "client/src/outbox/send-scheduler.ts",
		find: "if (this.rewind(lane.items)) this.port.changed(lane);",
		replace: "if (lane.items.length < 0) this.port.changed(lane);",
		breaks: "L1: every send ends",
		survives: "a session that ends fails each request that is not answered, and the outbox takes that as a reason to repeat it",
	},
	{
		name: "a refusal does not hold up the sends behind it",
		file: "client/src/outbox/send-scheduler.ts",
		find: 'behind: behind?.cid ?? "" };',
		replace: 'behind: "" };',
		breaks: "S8: a sender's order is kept",
	},
	{
		name: "a retry has a new cid",
		file: "client/src/outbox/send-scheduler.ts",
		find: "const value = { room: item.room, cid: item.cid, text: item.text,",
		replace:
			"const value = { room: item.room, cid: item.attempt > 1 ? item.cid + String(item.attempt) : item.cid, text: item.text,",
		breaks: "S5: at most one entry per send",
	},
	{
		name: "a send is removed from the outbox when it is written",
		file: "client/src/outbox/outbox.ts",
		find: "changed: (lane) => this.changed(lane.room),",
		replace:
			'changed: (lane) => {\n\t\t\t\tfor (const item of lane.items) if (item.status.state === "sent") this.store.remove(item.stored);\n\t\t\t\tthis.changed(lane.room);\n\t\t\t},',
		breaks: "L1: what was said survives the program",
	},
	{
		name: "a refused send is restored on restart",
		file: "client/src/outbox/outbox.ts",
		find: 'refused: { code, message, ...(trace !== "" && { trace }) } };\n\t\tawait this.store.put(item.stored);',
		replace: 'refused: { code, message, ...(trace !== "" && { trace }) } };\n\t\tawait Promise.resolve();',
		breaks: "S6: what was refused never appears",
	},
	{
		name: "a room whose sends fail pauses all rooms",
		file: "client/src/outbox/send-scheduler.ts",
		find: "lane.pausedUntilMs = clock.monotonic() + waitMs;\n\t\treturn waitMs;",
		replace: "this.pausedUntilMs = clock.monotonic() + waitMs;\n\t\treturn waitMs;",
		breaks: "L1: every send ends, beside a room whose sends fail",
	},
	{
		name: "the outbox always tries the first lane",
		file: "client/src/outbox/send-scheduler.ts",
		find: "wakeMs = Math.min(wakeMs, lane.pausedUntilMs);\n\t\t\t\tcontinue;",
		replace: "wakeMs = Math.min(wakeMs, lane.pausedUntilMs);\n\t\t\t\tbreak;",
		breaks: "L1: every send ends, beside a room whose sends fail",
	},
	{
		name: "internal is retried for ever",
		file: "client/src/outbox/send-scheduler.ts",
		find: "if (faults >= (lane.gaveUp ? FAULTS_MAX_AGAIN : FAULTS_MAX)) {",
		replace: "if (faults < 0) {",
		breaks: "L1: every send ends",
	},
	{
		name: "a session that ends without an answer counts against no room",
		file: "client/src/outbox/send-scheduler.ts",
		find: "const known = [...rooms].filter((room) => rooms.size === 1 || this.suspects.has(room));",
		replace: "const known: string[] = [];",
		breaks: "L1: every send ends",
	},
	{
		name: "a suspected room is blamed at the first end of a session, whatever else was in flight",
		file: "client/src/outbox/send-scheduler.ts",
		find: "(ends === 1 && rooms.size > 1)",
		replace: "rooms.size === 0",
		breaks: "L1: every send ends, beside a room whose sends fail",
		survives: "no seed has shown it alone, 5007781 with another one; client/test/outbox-rooms.test.ts holds it",
	},
	{
		name: "a send with an unknown outcome is reported as refused",
		file: "client/src/outbox/send-scheduler.ts",
		find: "this.port.giveUp(item, new UnknownOutcomeError(faults, error));",
		replace: "this.port.giveUp(item, error);",
		breaks: "S6: what was refused never appears",
	},
	{
		name: "a send whose outcome is unknown has a new cid when the user retries it",
		file: "client/src/outbox/outbox.ts",
		find: "isAnswered(error) ? nextCid",
		replace: "error !== undefined ? nextCid",
		breaks: "S5: at most one entry per send",
	},
	{
		name: "pushes are accepted before the welcome",
		file: "client/src/session/session.ts",
		find: 'if (this.state === "live") this.port.push(body);',
		replace: 'if (this.state !== "closed") this.port.push(body);',
		breaks: "L1: every send ends",
	},
	{
		name: "the client never closes a silent connection",
		file: "client/src/session/heartbeat.ts",
		find: "if (this.missed >= this.timing.missedOffline) {",
		replace: "if (this.missed < 0) {",
		breaks: "L2: everybody reaches the head",
	},
	{
		name: "timer on the wall clock: the outbox's back-off",
		file: "client/src/outbox/send-scheduler.ts",
		find: "this.pausedUntilMs = Math.max(this.pausedUntilMs, this.parts.clock.monotonic() + waitMs);",
		replace: "this.pausedUntilMs = Math.max(this.pausedUntilMs, this.parts.clock.now() - 1_767_225_600_000 + waitMs);",
		breaks: "L1: every send ends",
	},
	{
		name: "presence is not requested again after a reconnect",
		file: "client/src/room/room-registry.ts",
		find: "room.setInfo(info);\n\t\t\t\troom.refreshMembers();",
		replace: "room.setInfo(info);",
		breaks: "L4: presence converges",
	},
	{
		name: "a list of members is kept after a join or a leave",
		file: "server/src/room/member-lists.ts",
		find: "if (list !== undefined) this.forget(room, list);",
		replace: "",
		breaks: "S10: members are those of the log",
	},
	{
		name: "a page of members is kept though the list changed during the read",
		file: "server/src/room/member-lists.ts",
		find: "if (this.inFlight.get(room) === reads) this.keep(",
		replace: "this.keep(",
		breaks: "S10: members are those of the log",
	},
	{
		name: "entries above a page of members are not applied to it",
		file: "client/src/room/members.ts",
		find: "for (const effect of later.flatMap(effectsOf)) if (isOfPage(effect.user.id)) this.change(effect);",
		replace: "",
		breaks: "S10: members are those of the log",
	},
	{
		name: "a page of members that does not follow the known ones is accepted",
		file: "client/src/room/members.ts",
		find: 'if (after !== "" && !this.completeNow && after > this.nextNow) return "again";',
		replace: "",
		breaks: "S10: members are those of the log",
		survives: "it takes more seeds: 2075 showed it; client/test/members.test.ts holds it",
	},
	{
		name: "a list of members is not requested again after a temporary refusal",
		file: "client/src/room/room.ts",
		find: "if (error instanceof RefusedError && error.retry) this.refreshMembers(error.retryAfterMs);",
		replace: "",
		breaks: "S10: in the end all know the members",
	},
	{
		name: "a member who joins is not announced as online",
		file: "server/src/people/presence.ts",
		find: "this.notices.notify(user, [room], this.shows(user.id));",
		replace: "",
		breaks: "L4: presence converges",
	},
	{
		name: "a lost frame is not requested again",
		file: "client/src/room/room-registry.ts",
		find: "this.damages++;\n\t\tif (this.damages > 1) return;",
		replace: "this.damages++;\n\t\tif (this.damages > 0) return;",
		breaks: "L2: everybody reaches the head",
		survives: "the heads of the server's next ping repair it a heartbeat later",
	},
	{
		name: "an iteration skips what its room has skipped",
		file: "client/src/room/entry-iterator.ts",
		find: "} else if (fill) {",
		replace: "} else if (fill && next < 0) {",
		breaks: "S4: no gap without a word",
	},
	// ------------------------------------------------------------ one user's state, one session's fault
	{
		name: "a user's state stays on the connection after a refused hello",
		file: "server/src/session/session.ts",
		find: "		this.dropPrincipal();\n		this.guard(() => countRefusedLogin(this, this.core, trace, cause, credential));",
		replace:
			"		this.principal?.places.welcomed();\n		this.guard(() => countRefusedLogin(this, this.core, trace, cause, credential));",
		breaks: "S9: no subscription without standing",
	},
	{
		name: "a hello inherits the state of a refused one",
		file: "server/src/session/principal.ts",
		find: "this.places = new Places(this, core);",
		replace:
			"const kept = session as unknown as { kept?: Places };\n\t\tkept.kept ??= new Places(this, core);\n\t\tthis.places = kept.kept;\n\t\tObject.assign(kept.kept, { port: this });",
		breaks: "S9: no subscription without standing",
		survives: "a membership is announced once the room was read for the user who is told, and not to one who is no member",
	},
	{
		name: "fan-out stops at a subscriber that throws",
		file: "server/src/room/subscribers.ts",
		find: "subscription?.subscriber.broken(cause);",
		replace: "subscription?.subscriber.broken(cause);\n\t\t\t\treturn;",
		breaks: "our bug ends one session: the others of the room have the entry",
	},
	{
		name: "delivery of a batch stops at a session that throws on a membership event",
		file: "server/src/room/rooms.ts",
		find: "				subscriber.broken(cause);",
		replace: "				subscriber.broken(cause);\n\t\t\t\tthrow cause;",
		breaks: "our bug ends one session: the rest of the batch is told",
	},
	{
		name: "entries that could not be delivered live are not read from the log",
		file: "server/src/room/rooms.ts",
		find: "room.leaveToLog(run.entries.at(-1)?.seq ?? 0);",
		replace: "",
		breaks: "L2: everybody reaches the head",
	},
	{
		name: "the flusher stops at an outbox that throws",
		file: "server/src/session/flusher.ts",
		find: "				outbox.broken(cause);",
		replace: "				outbox.broken(cause);\n\t\t\t\treturn;",
		breaks: "our bug ends one session: the others are written to in their turn",
	},
	{
		name: "the timer wheel stops at a deadline that throws",
		file: "server/src/session/timer-wheel.ts",
		find: "if (slot !== undefined) for (const task of slot) this.call(task);",
		replace:
			"if (slot !== undefined)\n\t\t\t\tfor (const task of slot)\n\t\t\t\t\ttry {\n\t\t\t\t\t\ttask.due();\n\t\t\t\t\t} catch (cause) {\n\t\t\t\t\t\ttask.broken(cause);\n\t\t\t\t\t\tbreak;\n\t\t\t\t\t}",
		breaks: "our bug ends one session: the others' deadlines are kept",
	},
	{
		name: "a drain never ends after a session has thrown",
		file: "server/src/session/drain.ts",
		find: '.catch((cause: unknown) => session.broken("a session was not drained", cause))',
		replace: "",
		breaks: "our bug ends one session: the others are drained",
	},
	{
		name: "a session goes on after an unexpected error in a command",
		file: "server/src/session/session.ts",
		find: 'this.send(id, failureBody("internal", ERRORS.internal.message',
		replace: 'return this.send(id, failureBody("internal", ERRORS.internal.message',
		breaks: "our bug ends its session",
	},
	// ------------------------------------------------------------ overload
	{
		name: "overload never ends",
		file: "server/src/overload/level-tracker.ts",
		find: "this.level--;",
		replace: "",
		breaks: "L1: every send ends",
	},
	{
		name: "a hello does not release its admission",
		file: "server/src/admit/hello-queue.ts",
		find: "this.underWay[lane]--;",
		replace: "",
		breaks: "L2: everybody reaches the head",
	},
	{
		name: "a queued hello is never admitted",
		file: "server/src/admit/hello-queue.ts",
		find: "this.underWay[next]++;\n\t\t\t\tgo();",
		replace: "this.underWay[next]++;\n\t\t\t\tvoid go;",
		breaks: "L2: everybody reaches the head",
	},
	{
		name: "presence held back in overload is never sent",
		file: "server/src/people/presence-notices.ts",
		find: "if (this.waiting.size > 0) this.send();",
		replace: "this.waiting.clear();",
		breaks: "L4: presence converges",
	},
	{
		name: "a send refused in overload is committed",
		file: "server/src/session/command-queue.ts",
		find: "charge(this.parts.rateLimits, this.parts.shedding, this.session.caller.account.id, command);",
		replace:
			'try {\n\t\t\tcharge(this.parts.rateLimits, this.parts.shedding, this.session.caller.account.id, command);\n\t\t} catch (cause) {\n\t\t\tif (command.case === "send") void execute(this.parts.rateLimits, { parts: this.parts, user: this.session.caller.account, session: this.session.caller }, command).catch(() => undefined);\n\t\t\tthrow cause;\n\t\t}',
		breaks: "S8: a device's own order is kept",
		survives:
			"the client says it again under the same cid and is given the first result, in the first place: what is lost is only what the refusal was to save",
	},
	...BUS_MUTANTS,
	...GUEST_MUTANTS,
	...PLACE_MUTANTS,
	...REFUSED_MUTANTS,
];
