// Who may do what in a room: one table by act, kind of room and standing.
//
// Whoever may not see a room is told `no_such_room`, in the same words as if there were none.
import { type ErrorCode, Room_Kind, Room_Standing } from "@verbatim/protocol";

export type Act = "say" | "join" | "leave" | "rename" | "invite";

/** `done`: nothing has to be written, it is so already. `decline`: the open invitation ends, without an entry. */
export type Answer = "yes" | "done" | "decline" | Extract<ErrorCode, "no_such_room" | "not_member" | "forbidden">;

type Row = readonly [none: Answer, invited: Answer, member: Answer, owner: Answer];

const TABLE: Readonly<Record<Act, { readonly public: Row; readonly private: Row; readonly direct: Row }>> = {
	say: {
		public: ["not_member", "not_member", "yes", "yes"],
		private: ["no_such_room", "not_member", "yes", "yes"],
		direct: ["no_such_room", "not_member", "yes", "yes"],
	},
	join: {
		public: ["yes", "yes", "done", "done"],
		private: ["no_such_room", "yes", "done", "done"],
		direct: ["no_such_room", "yes", "done", "done"],
	},
	leave: {
		public: ["done", "decline", "yes", "yes"],
		private: ["no_such_room", "decline", "yes", "yes"],
		// The other one keeps the conversation, and whom to answer.
		direct: ["no_such_room", "decline", "forbidden", "forbidden"],
	},
	rename: {
		public: ["not_member", "not_member", "forbidden", "yes"],
		private: ["no_such_room", "not_member", "forbidden", "yes"],
		direct: ["no_such_room", "not_member", "forbidden", "forbidden"],
	},
	invite: {
		public: ["not_member", "not_member", "yes", "yes"],
		private: ["no_such_room", "not_member", "forbidden", "yes"],
		direct: ["no_such_room", "not_member", "forbidden", "forbidden"],
	},
};

/** May a user of this standing do this in a room of this kind? Kinds that this version does not know are closed, as private ones are. */
export function may(standing: Room_Standing, act: Act, kind: Room_Kind): Answer {
	const rows = TABLE[act];
	const row = kind === Room_Kind.PUBLIC ? rows.public : kind === Room_Kind.DIRECT ? rows.direct : rows.private;
	switch (standing) {
		case Room_Standing.OWNER:
			return row[3];
		case Room_Standing.MEMBER:
			return row[2];
		case Room_Standing.INVITED:
			return row[1];
		default:
			return row[0];
	}
}
