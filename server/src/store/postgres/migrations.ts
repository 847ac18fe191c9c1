// The schema, as the steps that lead to it. A step that was released is never changed: what comes later is a new one at the end. Steps only
// add: a program of the version before goes on beside a newer schema, and says so where it cannot (`needs`).
//
// No foreign keys: they would lock rows outside the order that batches keep. Texts compare by bytes, as in SQLite.

export interface Migration {
	readonly sql: string;
	/** The fewest steps that a program must know to work on a database that has this one. */
	readonly needs: number;
}

export const MIGRATIONS: readonly Migration[] = [
	// 1: users, rooms, members, logs, tokens, and what the nodes of a cluster have under way.
	{
		needs: 1,
		sql: `
		CREATE TABLE verbatim.users (
			id text COLLATE "C" PRIMARY KEY,
			name text COLLATE "C" NOT NULL,
			kind text COLLATE "C" NOT NULL CHECK (kind IN ('registered', 'guest', 'external')),
			skeleton text COLLATE "C" NOT NULL UNIQUE,
			password_hash text COLLATE "C",
			external text COLLATE "C" UNIQUE,
			created_ms float8 NOT NULL,
			expires_ms float8,
			session_only boolean,
			generation bigint NOT NULL,
			disabled boolean NOT NULL
		);
		CREATE INDEX users_guests ON verbatim.users (expires_ms, id) WHERE kind = 'guest' AND NOT disabled;

		-- Logs refer to rooms by a number: it stands in every row of every log. Heads change with every batch, hence room in
		-- the page for newer versions of the row, and no index on what changes.
		CREATE TABLE verbatim.rooms (
			no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
			id text COLLATE "C" NOT NULL UNIQUE,
			kind smallint NOT NULL,
			name text COLLATE "C" NOT NULL,
			skeleton text COLLATE "C" UNIQUE,
			direct_key text COLLATE "C" UNIQUE,
			epoch bigint NOT NULL,
			head bigint NOT NULL,
			members bigint NOT NULL,
			member_version bigint NOT NULL,
			CHECK ((skeleton IS NULL) <> (direct_key IS NULL))
		) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
		CREATE INDEX rooms_public ON verbatim.rooms (name) WHERE kind = 1;

		-- Open invitations are rows too. The name is that of the entry, for users without a record.
		CREATE TABLE verbatim.members (
			room_no bigint NOT NULL,
			user_id text COLLATE "C" NOT NULL,
			name text COLLATE "C" NOT NULL,
			standing smallint NOT NULL,
			brought_by text COLLATE "C",
			PRIMARY KEY (room_no, user_id)
		);
		CREATE INDEX members_by_user ON verbatim.members (user_id);
		CREATE INDEX members_brought ON verbatim.members (brought_by, user_id) WHERE brought_by IS NOT NULL;

		-- kind is the body's field number in the schema of the wire, body the protobuf of an Entry that has its body alone.
		CREATE TABLE verbatim.entries (
			room_no bigint NOT NULL,
			seq bigint NOT NULL,
			at_ms float8 NOT NULL,
			sender text COLLATE "C" NOT NULL,
			sender_name text COLLATE "C" NOT NULL,
			cid text COLLATE "C" NOT NULL,
			kind smallint NOT NULL,
			body bytea NOT NULL,
			PRIMARY KEY (room_no, seq)
		) WITH (autovacuum_vacuum_insert_scale_factor = 0.05);
		CREATE UNIQUE INDEX entries_by_cid ON verbatim.entries (sender, cid) WHERE cid <> '';

		CREATE TABLE verbatim.token_families (
			id text COLLATE "C" PRIMARY KEY,
			user_id text COLLATE "C" NOT NULL,
			number bigint NOT NULL,
			issued_ms float8 NOT NULL,
			expires_ms float8 NOT NULL,
			ended boolean NOT NULL
		);
		CREATE INDEX token_families_by_end ON verbatim.token_families (expires_ms, id);

		CREATE TABLE verbatim.meta (key text COLLATE "C" PRIMARY KEY, value text COLLATE "C" NOT NULL);

		-- What each node has under way: batch is the newest one of this lane that is in. A transaction whose generation is not
		-- the lane's writes nothing.
		CREATE TABLE verbatim.lanes (
			node text COLLATE "C" NOT NULL,
			lane smallint NOT NULL,
			generation bigint NOT NULL,
			batch bigint NOT NULL,
			seen timestamptz NOT NULL,
			PRIMARY KEY (node, lane)
		) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
		`,
	},
	// 2: sends that were refused for good, in the order in which they were.
	{
		needs: 1,
		sql: `
		CREATE TABLE verbatim.refused_sends (
			no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
			sender text COLLATE "C" NOT NULL,
			cid text COLLATE "C" NOT NULL,
			code text COLLATE "C" NOT NULL,
			at_ms float8 NOT NULL,
			UNIQUE (sender, cid)
		);
		`,
	},
];
