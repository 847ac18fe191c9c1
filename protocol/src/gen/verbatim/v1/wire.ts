// Made by `npm run gen` from verbatim/v1/wire.proto: change that, not this.

import { type Message, message, type Schema } from "../../../schema.ts";

export const Skipped_Reason = {
	UNKNOWN: 0,
	/** Further behind than the catch-up limit. */
	FAR: 1,
	/** The log has another epoch than the cursor: an older state was restored. */
	EPOCH: 2,
} as const;
export type Skipped_Reason = (typeof Skipped_Reason)[keyof typeof Skipped_Reason];

export const Room_Kind = {
	UNKNOWN: 0,
	/** Every user may find and join it. */
	PUBLIC: 1,
	/** Found and joined by invitation only. */
	PRIVATE: 2,
	/** A conversation of two users. */
	DIRECT: 3,
} as const;
export type Room_Kind = (typeof Room_Kind)[keyof typeof Room_Kind];

export const Room_Standing = {
	NONE: 0,
	MEMBER: 1,
	OWNER: 2,
	INVITED: 3,
} as const;
export type Room_Standing = (typeof Room_Standing)[keyof typeof Room_Standing];

/** What a client sends. `id` pairs a command with its reply; a command needs an id above zero, unique among those in flight. */
export interface Up extends Message<"verbatim.v1.Up"> {
	id: number;
	/** Chosen by the client, at most 64 characters; returned in errors and written to the server's log. Optional. */
	trace: string;
	command:
		| { case: "hello"; value: Hello }
		| { case: "ping"; value: Ping }
		| { case: "pong"; value: Pong }
		| { case: "refresh"; value: Refresh }
		| { case: "send"; value: Send }
		| { case: "join"; value: Join }
		| { case: "leave"; value: Leave }
		| { case: "create"; value: Create }
		| { case: "rename"; value: Rename }
		| { case: "invite"; value: Invite }
		| { case: "history"; value: History }
		| { case: "rooms"; value: Rooms }
		| { case: "who"; value: Who }
		| { case: "typing"; value: Typing }
		| { case: undefined; value?: undefined };
}

/** The first message of every connection: authenticates it and resumes its rooms. */
export interface Hello extends Message<"verbatim.v1.Hello"> {
	credential:
		/** A signed token, of this server or of an identity provider that it trusts. */
		| { case: "token"; value: string }
		| { case: "guest"; value: Guest }
		| { case: "login"; value: Password }
		| { case: "register"; value: Password }
		/** A refresh token of this server, for a client whose access token has expired. The welcome has fresh tokens. */
		| { case: "refresh"; value: string }
		| { case: undefined; value?: undefined };
	/** Name and version of the client, for logs. At most 64 characters. */
	client: string;
	/** The client's cursor in each room that it knows. Rooms without a cursor are live from their head in `Welcome`. */
	cursors: Cursor[];
}

export interface Guest extends Message<"verbatim.v1.Guest"> {
	name: string;
	/**
	 * A secret that the client generates before its first try: 22 to 64 characters of base64url, 128 random bits or more. Name and key of a
	 * guest log in as that guest again, for example after a lost welcome. Empty: always a new guest.
	 */
	key: string;
}

export interface Password extends Message<"verbatim.v1.Password"> {
	name: string;
	password: string;
}

/** The client has all entries of this room up to and including `seq`, in this epoch of its log. */
export interface Cursor extends Message<"verbatim.v1.Cursor"> {
	room: string;
	epoch: number;
	seq: number;
}

/** Either side may send it; the other answers with Pong and the same nonce. A server's ping states its interval. */
export interface Ping extends Message<"verbatim.v1.Ping"> {
	nonce: number;
	intervalMs: number;
	/**
	 * From a server: the seq up to which each room was sent on this connection, before this ping. Rooms without new entries since the last
	 * ping that listed them may be omitted.
	 */
	heads: Cursor[];
}

export interface Pong extends Message<"verbatim.v1.Pong"> {
	nonce: number;
}

export interface Refresh extends Message<"verbatim.v1.Refresh"> {
	refreshToken: string;
}

/** A room is named by its id, by `#name` for a channel, or by `@name` for the direct conversation with that user. */
export interface Send extends Message<"verbatim.v1.Send"> {
	room: string;
	/**
	 * The idempotency key of this send, unique per user without an end, 1 to 64 characters. A retry with the same cid and the same content
	 * returns the first result.
	 */
	cid: string;
	text: string;
	/**
	 * The cid of an earlier send of this user that must be in the log before this one; empty for none. A client that pipelines names its
	 * previous unanswered send here, so that a refusal cannot reorder its messages: a send behind a refused one is refused as `out_of_order`.
	 */
	behind: string;
}

/**
 * Joins a room (creates a channel if there is none and `create` is set). The answer has a page of history up to N; live entries follow from
 * N+1.
 */
export interface Join extends Message<"verbatim.v1.Join"> {
	room: string;
	create: boolean;
	/** Number of newest entries in the answer, at most `historyEntriesMax`. */
	history: number;
}

export interface Leave extends Message<"verbatim.v1.Leave"> {
	room: string;
}

export interface Create extends Message<"verbatim.v1.Create"> {
	name: string;
	kind: Room_Kind;
	history: number;
}

export interface Rename extends Message<"verbatim.v1.Rename"> {
	room: string;
	name: string;
}

export interface Invite extends Message<"verbatim.v1.Invite"> {
	room: string;
	/** The user's name. */
	user: string;
}

/**
 * A page of a room's log. At most one of `before`, `after` (exclusive bounds; 0 is none), `first`, `around` and `at_ms` is given; with
 * none of them the page is the newest.
 */
export interface History extends Message<"verbatim.v1.History"> {
	room: string;
	before: number;
	after: number;
	limit: number;
	/** The first entries of the log. */
	first: boolean;
	/** Entries on both sides of this one; 0 is none. */
	around: number;
	/** Around an entry at or after this time whose predecessor is before it, in milliseconds since the Unix epoch; 0 is none. */
	atMs: number;
}

/** The user's own rooms and the first public channels; with `after`, the public channels that follow. */
export interface Rooms extends Message<"verbatim.v1.Rooms"> {
	/** `next` of the page before; empty for the first. */
	after: string;
	/** At most this many public channels; 0: `roomsPageMax`, which is also the maximum. */
	limit: number;
}

/** A page of the list of members, or, with `users`, which of these are online. */
export interface Who extends Message<"verbatim.v1.Who"> {
	room: string;
	/** `next` of the page before; empty for the first. */
	after: string;
	/** At most this many members; 0: `membersPageMax`, which is also the maximum. */
	limit: number;
	/** Version of the list that the client has. If it is still current, a large room's list is not sent again. */
	epoch: number;
	version: number;
	/** By id, at most `presenceUsersMax`. */
	users: User[];
}

export interface Typing extends Message<"verbatim.v1.Typing"> {
	room: string;
}

/** What a server sends. `id` is that of the command that it answers, 0 for a push. */
export interface Down extends Message<"verbatim.v1.Down"> {
	id: number;
	body:
		/** Answers. */
		| { case: "welcome"; value: Welcome }
		| { case: "failure"; value: Failure }
		| { case: "sent"; value: Sent }
		| { case: "joined"; value: Joined }
		| { case: "done"; value: Done }
		| { case: "page"; value: Page }
		| { case: "roomList"; value: RoomList }
		| { case: "memberList"; value: MemberList }
		| { case: "tokens"; value: Tokens }
		/** Pushes of the log: never dropped. */
		| { case: "entries"; value: Entries }
		| { case: "skipped"; value: Skipped }
		| { case: "roomAdded"; value: RoomAdded }
		| { case: "roomRemoved"; value: RoomRemoved }
		| { case: "invited"; value: Invited }
		/** State of the connection. */
		| { case: "ping"; value: Ping }
		| { case: "pong"; value: Pong }
		| { case: "behind"; value: Behind }
		| { case: "close"; value: Close }
		/** Ephemeral: may be merged or dropped. */
		| { case: "typist"; value: Typist }
		| { case: "presence"; value: Presence }
		| { case: undefined; value?: undefined };
}

export interface Welcome extends Message<"verbatim.v1.Welcome"> {
	session: string;
	user?: User | undefined;
	/** All rooms of which the user is a member, and those with an open invitation. */
	rooms: Room[];
	heartbeatMs: number;
	/** Present when the credential was not a token. */
	tokens?: Tokens | undefined;
	/** Name and version of the server. */
	server: string;
	frameBytesMax: number;
	textBytesMax: number;
	/** The server's clock, milliseconds since the Unix epoch. */
	nowMs: number;
}

export interface Tokens extends Message<"verbatim.v1.Tokens"> {
	access: string;
	accessExpiresMs: number;
	refresh: string;
	refreshExpiresMs: number;
}

/** A command that failed. `code` is stable and listed in protocol/src/errors.ts with what to do about it. */
export interface Failure extends Message<"verbatim.v1.Failure"> {
	code: string;
	message: string;
	/** Whether the same command may succeed later, unchanged. */
	retry: boolean;
	/** Delay before a retry; 0: the client chooses. */
	retryAfterMs: number;
	trace: string;
}

/** The send is committed and durable at this seq. */
export interface Sent extends Message<"verbatim.v1.Sent"> {
	room: string;
	epoch: number;
	seq: number;
	atMs: number;
	/** A duplicate: this cid was committed before, and nothing was written. */
	repeated: boolean;
}

/** From here the stream of this room continues at `page.to + 1`. */
export interface Joined extends Message<"verbatim.v1.Joined"> {
	room?: Room | undefined;
	page?: Page | undefined;
}

export interface Done extends Message<"verbatim.v1.Done"> {
}

/**
 * The entries `from` to `to` of a log, inclusive, without gaps; empty when `to` < `from`. Messages have their state at `as_of`: later entries
 * that change a message apply on top.
 */
export interface Page extends Message<"verbatim.v1.Page"> {
	room: string;
	epoch: number;
	from: number;
	to: number;
	head: number;
	asOf: number;
	entries: Entry[];
}

export interface RoomList extends Message<"verbatim.v1.RoomList"> {
	rooms: Room[];
	/** `after` of the next page; empty where there is none. */
	next: string;
}

/** Members in the order of their ids; in a list of a single page, those who are online come first if presence is included. */
export interface MemberList extends Message<"verbatim.v1.MemberList"> {
	room: string;
	members: Member[];
	epoch: number;
	/**
	 * Incremented by each change of the list: by one for each member or invitation that an entry adds, changes or removes, and for a declined
	 * invitation, which has no entry.
	 */
	version: number;
	/** The list is that after the entries up to this seq. */
	asOf: number;
	/** Members, on all pages; the invited do not count. */
	total: number;
	/** Number of members online, at most a second old. */
	online: number;
	/** `after` of the next page; empty where there is none. */
	next: string;
	/** The client's version is current: this message has no members. */
	same: boolean;
	/** Presence is included in `online` of each member. Not in large rooms. */
	presence: boolean;
	/** Those of the requested users who are online in this room, by id. */
	here: User[];
}

/** New entries of a log, dense and in order, after those already sent on this connection. */
export interface Entries extends Message<"verbatim.v1.Entries"> {
	room: string;
	epoch: number;
	entries: Entry[];
}

/**
 * The entries `from` to `to` were not sent on this connection, and can be fetched with History. Includes the newest page; the stream
 * continues at `page.to + 1`.
 */
export interface Skipped extends Message<"verbatim.v1.Skipped"> {
	room: string;
	from: number;
	to: number;
	reason: Skipped_Reason;
	page?: Page | undefined;
	/** The epoch of `from`, `to` and `page`. */
	epoch: number;
}

/** The user became a member by another session or a direct conversation; entries follow from `room.head + 1`. */
export interface RoomAdded extends Message<"verbatim.v1.RoomAdded"> {
	room?: Room | undefined;
}

export interface RoomRemoved extends Message<"verbatim.v1.RoomRemoved"> {
	room: string;
}

export interface Invited extends Message<"verbatim.v1.Invited"> {
	room?: Room | undefined;
	by?: User | undefined;
}

/** This connection is slower than its rooms: the server is in catch-up for it, from the log (true), or has caught up with all rooms (false). */
export interface Behind extends Message<"verbatim.v1.Behind"> {
	behind: boolean;
}

/** The last message of a connection. `code` is listed in protocol/src/closes.ts. */
export interface Close extends Message<"verbatim.v1.Close"> {
	code: number;
	reason: string;
	reconnect: boolean;
	retryAfterMs: number;
}

export interface Typist extends Message<"verbatim.v1.Typist"> {
	room: string;
	user?: User | undefined;
}

export interface Presence extends Message<"verbatim.v1.Presence"> {
	user?: User | undefined;
	online: boolean;
}

export interface User extends Message<"verbatim.v1.User"> {
	id: string;
	name: string;
}

export interface Room extends Message<"verbatim.v1.Room"> {
	id: string;
	kind: Room_Kind;
	/** A channel's name without `#`; empty for a direct conversation. */
	name: string;
	epoch: number;
	/** The newest seq. */
	head: number;
	members: number;
	/** The requesting user's membership. */
	standing: Room_Standing;
	/** The other user of a direct conversation. */
	peer?: User | undefined;
}

export interface Member extends Message<"verbatim.v1.Member"> {
	user?: User | undefined;
	standing: Room_Standing;
	online: boolean;
}

/** One element of a room's log. A room of n entries has exactly the seqs 1 to n. */
export interface Entry extends Message<"verbatim.v1.Entry"> {
	seq: number;
	/** When it was committed by the server's clock, milliseconds since the Unix epoch. Order is given by seq alone. */
	atMs: number;
	/** The acting user, with the name at that time. */
	sender?: User | undefined;
	/** The sender's idempotency key; empty for entries made by the server. */
	cid: string;
	body:
		| { case: "message"; value: MessageBody }
		| { case: "created"; value: CreatedBody }
		| { case: "joined"; value: JoinedBody }
		| { case: "left"; value: LeftBody }
		| { case: "renamed"; value: RenamedBody }
		| { case: "invited"; value: InvitedBody }
		| { case: undefined; value?: undefined };
}

export interface MessageBody extends Message<"verbatim.v1.MessageBody"> {
	text: string;
}

export interface CreatedBody extends Message<"verbatim.v1.CreatedBody"> {
	kind: Room_Kind;
	name: string;
	/** The members from the start: the creator, or the two of a direct conversation. */
	members: User[];
}

export interface JoinedBody extends Message<"verbatim.v1.JoinedBody"> {
}

export interface LeftBody extends Message<"verbatim.v1.LeftBody"> {
	/** Empty when the user left by a command. */
	reason: string;
}

export interface RenamedBody extends Message<"verbatim.v1.RenamedBody"> {
	name: string;
}

export interface InvitedBody extends Message<"verbatim.v1.InvitedBody"> {
	user?: User | undefined;
}

export const GuestSchema: Schema<Guest> = /* @__PURE__ */ message<Guest>("verbatim.v1.Guest", {
	name: [1, "string"],
	key: [2, "string"],
});

export const PasswordSchema: Schema<Password> = /* @__PURE__ */ message<Password>("verbatim.v1.Password", {
	name: [1, "string"],
	password: [2, "string"],
});

export const CursorSchema: Schema<Cursor> = /* @__PURE__ */ message<Cursor>("verbatim.v1.Cursor", {
	room: [1, "string"],
	epoch: [2, "uint32"],
	seq: [3, "uint32"],
});

export const HelloSchema: Schema<Hello> = /* @__PURE__ */ message<Hello>("verbatim.v1.Hello", {
	credential: {
		token: [1, "string"],
		guest: [2, GuestSchema],
		login: [3, PasswordSchema],
		register: [4, PasswordSchema],
		refresh: [7, "string"],
	},
	client: [5, "string"],
	cursors: [6, [CursorSchema]],
});

export const PingSchema: Schema<Ping> = /* @__PURE__ */ message<Ping>("verbatim.v1.Ping", {
	nonce: [1, "uint32"],
	intervalMs: [2, "uint32"],
	heads: [3, [CursorSchema]],
});

export const PongSchema: Schema<Pong> = /* @__PURE__ */ message<Pong>("verbatim.v1.Pong", {
	nonce: [1, "uint32"],
});

export const RefreshSchema: Schema<Refresh> = /* @__PURE__ */ message<Refresh>("verbatim.v1.Refresh", {
	refreshToken: [1, "string"],
});

export const SendSchema: Schema<Send> = /* @__PURE__ */ message<Send>("verbatim.v1.Send", {
	room: [1, "string"],
	cid: [2, "string"],
	text: [3, "string"],
	behind: [4, "string"],
});

export const JoinSchema: Schema<Join> = /* @__PURE__ */ message<Join>("verbatim.v1.Join", {
	room: [1, "string"],
	create: [2, "bool"],
	history: [3, "uint32"],
});

export const LeaveSchema: Schema<Leave> = /* @__PURE__ */ message<Leave>("verbatim.v1.Leave", {
	room: [1, "string"],
});

export const CreateSchema: Schema<Create> = /* @__PURE__ */ message<Create>("verbatim.v1.Create", {
	name: [1, "string"],
	kind: [2, { enum: Room_Kind }],
	history: [3, "uint32"],
});

export const RenameSchema: Schema<Rename> = /* @__PURE__ */ message<Rename>("verbatim.v1.Rename", {
	room: [1, "string"],
	name: [2, "string"],
});

export const InviteSchema: Schema<Invite> = /* @__PURE__ */ message<Invite>("verbatim.v1.Invite", {
	room: [1, "string"],
	user: [2, "string"],
});

export const HistorySchema: Schema<History> = /* @__PURE__ */ message<History>("verbatim.v1.History", {
	room: [1, "string"],
	before: [2, "uint32"],
	after: [3, "uint32"],
	limit: [4, "uint32"],
	first: [5, "bool"],
	around: [6, "uint32"],
	atMs: [7, "double"],
});

export const RoomsSchema: Schema<Rooms> = /* @__PURE__ */ message<Rooms>("verbatim.v1.Rooms", {
	after: [1, "string"],
	limit: [2, "uint32"],
});

export const UserSchema: Schema<User> = /* @__PURE__ */ message<User>("verbatim.v1.User", {
	id: [1, "string"],
	name: [2, "string"],
});

export const WhoSchema: Schema<Who> = /* @__PURE__ */ message<Who>("verbatim.v1.Who", {
	room: [1, "string"],
	after: [2, "string"],
	limit: [3, "uint32"],
	epoch: [4, "uint32"],
	version: [5, "uint32"],
	users: [6, [UserSchema]],
});

export const TypingSchema: Schema<Typing> = /* @__PURE__ */ message<Typing>("verbatim.v1.Typing", {
	room: [1, "string"],
});

export const UpSchema: Schema<Up> = /* @__PURE__ */ message<Up>("verbatim.v1.Up", {
	id: [1, "uint32"],
	trace: [2, "string"],
	command: {
		hello: [10, HelloSchema],
		ping: [11, PingSchema],
		pong: [12, PongSchema],
		refresh: [13, RefreshSchema],
		send: [20, SendSchema],
		join: [21, JoinSchema],
		leave: [22, LeaveSchema],
		create: [23, CreateSchema],
		rename: [24, RenameSchema],
		invite: [25, InviteSchema],
		history: [26, HistorySchema],
		rooms: [27, RoomsSchema],
		who: [28, WhoSchema],
		typing: [29, TypingSchema],
	},
});

export const RoomSchema: Schema<Room> = /* @__PURE__ */ message<Room>("verbatim.v1.Room", {
	id: [1, "string"],
	kind: [2, { enum: Room_Kind }],
	name: [3, "string"],
	epoch: [4, "uint32"],
	head: [5, "uint32"],
	members: [6, "uint32"],
	standing: [7, { enum: Room_Standing }],
	peer: [8, UserSchema],
});

export const TokensSchema: Schema<Tokens> = /* @__PURE__ */ message<Tokens>("verbatim.v1.Tokens", {
	access: [1, "string"],
	accessExpiresMs: [2, "double"],
	refresh: [3, "string"],
	refreshExpiresMs: [4, "double"],
});

export const WelcomeSchema: Schema<Welcome> = /* @__PURE__ */ message<Welcome>("verbatim.v1.Welcome", {
	session: [1, "string"],
	user: [2, UserSchema],
	rooms: [3, [RoomSchema]],
	heartbeatMs: [4, "uint32"],
	tokens: [5, TokensSchema],
	server: [6, "string"],
	frameBytesMax: [7, "uint32"],
	textBytesMax: [8, "uint32"],
	nowMs: [9, "double"],
});

export const FailureSchema: Schema<Failure> = /* @__PURE__ */ message<Failure>("verbatim.v1.Failure", {
	code: [1, "string"],
	message: [2, "string"],
	retry: [3, "bool"],
	retryAfterMs: [4, "uint32"],
	trace: [5, "string"],
});

export const SentSchema: Schema<Sent> = /* @__PURE__ */ message<Sent>("verbatim.v1.Sent", {
	room: [1, "string"],
	epoch: [2, "uint32"],
	seq: [3, "uint32"],
	atMs: [4, "double"],
	repeated: [5, "bool"],
});

export const MessageBodySchema: Schema<MessageBody> = /* @__PURE__ */ message<MessageBody>("verbatim.v1.MessageBody", {
	text: [1, "string"],
});

export const CreatedBodySchema: Schema<CreatedBody> = /* @__PURE__ */ message<CreatedBody>("verbatim.v1.CreatedBody", {
	kind: [1, { enum: Room_Kind }],
	name: [2, "string"],
	members: [3, [UserSchema]],
});

export const JoinedBodySchema: Schema<JoinedBody> = /* @__PURE__ */ message<JoinedBody>("verbatim.v1.JoinedBody", {
});

export const LeftBodySchema: Schema<LeftBody> = /* @__PURE__ */ message<LeftBody>("verbatim.v1.LeftBody", {
	reason: [1, "string"],
});

export const RenamedBodySchema: Schema<RenamedBody> = /* @__PURE__ */ message<RenamedBody>("verbatim.v1.RenamedBody", {
	name: [1, "string"],
});

export const InvitedBodySchema: Schema<InvitedBody> = /* @__PURE__ */ message<InvitedBody>("verbatim.v1.InvitedBody", {
	user: [1, UserSchema],
});

export const EntrySchema: Schema<Entry> = /* @__PURE__ */ message<Entry>("verbatim.v1.Entry", {
	seq: [1, "uint32"],
	atMs: [2, "double"],
	sender: [3, UserSchema],
	cid: [4, "string"],
	body: {
		message: [10, MessageBodySchema],
		created: [11, CreatedBodySchema],
		joined: [12, JoinedBodySchema],
		left: [13, LeftBodySchema],
		renamed: [14, RenamedBodySchema],
		invited: [15, InvitedBodySchema],
	},
});

export const PageSchema: Schema<Page> = /* @__PURE__ */ message<Page>("verbatim.v1.Page", {
	room: [1, "string"],
	epoch: [2, "uint32"],
	from: [3, "uint32"],
	to: [4, "uint32"],
	head: [5, "uint32"],
	asOf: [6, "uint32"],
	entries: [7, [EntrySchema]],
});

export const JoinedSchema: Schema<Joined> = /* @__PURE__ */ message<Joined>("verbatim.v1.Joined", {
	room: [1, RoomSchema],
	page: [2, PageSchema],
});

export const DoneSchema: Schema<Done> = /* @__PURE__ */ message<Done>("verbatim.v1.Done", {
});

export const RoomListSchema: Schema<RoomList> = /* @__PURE__ */ message<RoomList>("verbatim.v1.RoomList", {
	rooms: [1, [RoomSchema]],
	next: [2, "string"],
});

export const MemberSchema: Schema<Member> = /* @__PURE__ */ message<Member>("verbatim.v1.Member", {
	user: [1, UserSchema],
	standing: [2, { enum: Room_Standing }],
	online: [3, "bool"],
});

export const MemberListSchema: Schema<MemberList> = /* @__PURE__ */ message<MemberList>("verbatim.v1.MemberList", {
	room: [1, "string"],
	members: [2, [MemberSchema]],
	epoch: [3, "uint32"],
	version: [4, "uint32"],
	asOf: [5, "uint32"],
	total: [6, "uint32"],
	online: [7, "uint32"],
	next: [8, "string"],
	same: [9, "bool"],
	presence: [10, "bool"],
	here: [11, [UserSchema]],
});

export const EntriesSchema: Schema<Entries> = /* @__PURE__ */ message<Entries>("verbatim.v1.Entries", {
	room: [1, "string"],
	epoch: [2, "uint32"],
	entries: [3, [EntrySchema]],
});

export const SkippedSchema: Schema<Skipped> = /* @__PURE__ */ message<Skipped>("verbatim.v1.Skipped", {
	room: [1, "string"],
	from: [2, "uint32"],
	to: [3, "uint32"],
	reason: [4, { enum: Skipped_Reason }],
	page: [5, PageSchema],
	epoch: [6, "uint32"],
});

export const RoomAddedSchema: Schema<RoomAdded> = /* @__PURE__ */ message<RoomAdded>("verbatim.v1.RoomAdded", {
	room: [1, RoomSchema],
});

export const RoomRemovedSchema: Schema<RoomRemoved> = /* @__PURE__ */ message<RoomRemoved>("verbatim.v1.RoomRemoved", {
	room: [1, "string"],
});

export const InvitedSchema: Schema<Invited> = /* @__PURE__ */ message<Invited>("verbatim.v1.Invited", {
	room: [1, RoomSchema],
	by: [2, UserSchema],
});

export const BehindSchema: Schema<Behind> = /* @__PURE__ */ message<Behind>("verbatim.v1.Behind", {
	behind: [1, "bool"],
});

export const CloseSchema: Schema<Close> = /* @__PURE__ */ message<Close>("verbatim.v1.Close", {
	code: [1, "uint32"],
	reason: [2, "string"],
	reconnect: [3, "bool"],
	retryAfterMs: [4, "uint32"],
});

export const TypistSchema: Schema<Typist> = /* @__PURE__ */ message<Typist>("verbatim.v1.Typist", {
	room: [1, "string"],
	user: [2, UserSchema],
});

export const PresenceSchema: Schema<Presence> = /* @__PURE__ */ message<Presence>("verbatim.v1.Presence", {
	user: [1, UserSchema],
	online: [2, "bool"],
});

export const DownSchema: Schema<Down> = /* @__PURE__ */ message<Down>("verbatim.v1.Down", {
	id: [1, "uint32"],
	body: {
		welcome: [10, WelcomeSchema],
		failure: [11, FailureSchema],
		sent: [12, SentSchema],
		joined: [13, JoinedSchema],
		done: [14, DoneSchema],
		page: [15, PageSchema],
		roomList: [16, RoomListSchema],
		memberList: [17, MemberListSchema],
		tokens: [18, TokensSchema],
		entries: [30, EntriesSchema],
		skipped: [31, SkippedSchema],
		roomAdded: [32, RoomAddedSchema],
		roomRemoved: [33, RoomRemovedSchema],
		invited: [34, InvitedSchema],
		ping: [40, PingSchema],
		pong: [41, PongSchema],
		behind: [42, BehindSchema],
		close: [43, CloseSchema],
		typist: [50, TypistSchema],
		presence: [51, PresenceSchema],
	},
});
